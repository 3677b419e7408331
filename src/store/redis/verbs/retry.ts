import { internal } from "../../../core/errors.ts";
import type { MessageFilter, RefusedRetry, RetryOutcome } from "../../../core/message.ts";
import { formatMessageId } from "../../../core/message-id.ts";
import type { QuarantineReason } from "../../../core/reason.ts";
import { QUARANTINE_REASONS, REASON_NAMES, REASONS } from "../../../core/reason.ts";
import type { PrepareRetry, RetryItem } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { Packed } from "../packed.ts";
import { ReplyReader } from "../reply.ts";
import { STATE_NUMBERS } from "../states.ts";
import { packEdit } from "./edit.ts";
import type { RunScript } from "./run.ts";

/** Numbers as in lua/retry.lua. */
const REFUSALS = {
  1: "NOT_FOUND",
  2: "IN_FLIGHT",
  3: "TRANSFORM_FAILED",
  4: "IN_FLIGHT",
} as const;
const [STATUS_BUSY, STATUS_REFUSED, STATUS_BUSY_NAMED] = [2, 3, 4];
const MISMATCH = 1;
const MOVED = 2;

const NO_FILTER = { cells: "", expected: 0 };

/** Messages looked at by one step of the walk to those that match. */
const PAGE = 500;

export interface RetrySetup {
  bodies: Bodies;
  /** Packed: what holds deliveries back. */
  rules: Uint8Array;
  journalMax: number;
}

/** By ids alone, which depends on no version. */
export async function runRetryIds(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  ids: readonly Uint8Array[],
  setup: RetrySetup,
): Promise<RetryOutcome> {
  const items = ids.map((id) => ({ kind: "retry", id }) as const);
  const outcome = await runRetry(run, queue, request, items, setup);
  if (outcome === "moved") throw internal(new Error("a retry by ids alone found one that moved"));
  return outcome;
}

/** What becomes of each by its id; "moved": one of them has changed since it was decided. */
export async function runRetry(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  items: readonly RetryItem[],
  { rules, journalMax, bodies }: RetrySetup,
): Promise<RetryOutcome | "moved"> {
  const header = { ...NO_FILTER, request, journal_max: journalMax, delivery_rules: rules };
  const packed = items.map((item) => ({ item: packItem(item, bodies) }));
  const reply = (await run("retry", queue, header, packed)) as Buffer;
  return reply[0] === MOVED ? "moved" : readRetried(reply, items.length);
}

/**
 * Finds the ids page by page, then changes them in one step that checks, by the queue's counts,
 * that they are all there is: a walk alone could miss what moved meanwhile. That step runs once
 * before the walk, too: it answers a repeated request, and a count that is off.
 */
export async function runRetryMatching(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  filter: MessageFilter,
  expectedCount: number,
  { rules, journalMax, bodies }: RetrySetup,
  prepare: PrepareRetry = async (ids) => ids.map((id) => ({ kind: "retry", id })),
): Promise<RetryOutcome | { mismatch: number } | "moved"> {
  const cells = filterCells(filter);
  const header = {
    expected: expectedCount,
    journal_max: journalMax,
    request,
    cells,
    delivery_rules: rules,
  };
  const change = async (items: readonly RetryItem[]) => {
    const packed = items.map((item) => ({ item: packItem(item, bodies) }));
    const reply = (await run("retry", queue, header, packed)) as Buffer;
    const reader = new ReplyReader(reply);
    const status = reader.u8();
    if (status === MISMATCH) return { mismatch: reader.ms() };
    return status === MOVED ? "moved" : readRetried(reply);
  };
  const early = await change([]);
  if (early !== "moved") return early;
  return change(await prepare(await runFind(run, queue, filter, expectedCount)));
}

/** Walks to as many matching messages as are wanted. One that moves may be met twice: once counts. */
export async function runFind(
  run: RunScript,
  queue: string,
  filter: MessageFilter,
  wanted: number,
): Promise<Uint8Array[]> {
  const cells = filterCells(filter);
  const ids = new Map<string, Uint8Array>();
  for (const place of filterPlaces(filter)) {
    for (let start = 0; ids.size < wanted; start += PAGE) {
      const page = await run("find", queue, { start, page: PAGE, place, cells }, []);
      const [seen, found] = page as [number, Buffer];
      const reader = new ReplyReader(found);
      while (!reader.done) {
        const id = reader.bytes(16);
        ids.set(formatMessageId(id), id);
      }
      if (Number(seen) < PAGE) break;
    }
  }
  return [...ids.values()];
}

/** As `read_item` of lua/retry.lua reads it. */
function packItem(item: RetryItem, bodies: Bodies): Uint8Array {
  switch (item.kind) {
    case "retry":
      return item.id;
    case "busy":
      return decided(item.id, STATUS_BUSY, 0, NOTHING);
    case "refuse":
      return decided(item.id, STATUS_REFUSED, item.version, Buffer.from(item.detail));
    case "edit":
      return decided(item.id, 0, item.version, packEdit(item.write, bodies));
  }
}

const NOTHING = new Uint8Array();

function decided(id: Uint8Array, status: number, version: number, rest: Uint8Array): Uint8Array {
  return new Packed(16 + 1 + 2 + rest.length).raw(id).u8(status).u16(version).raw(rest).bytes;
}

/** Of an answer at most so many results: it may be that of an earlier request, of other ids. */
export function readRetried(answer: Buffer, most = Number.POSITIVE_INFINITY): RetryOutcome {
  const reader = new ReplyReader(answer);
  reader.u8();
  reader.ms();
  const refused: RefusedRetry[] = [];
  let retriedCount = 0;
  for (let index = 0; index < most && !reader.done; index++) {
    const status = reader.u8();
    if (status === 0) {
      retriedCount++;
      continue;
    }
    const refusal = REFUSALS[status as keyof typeof REFUSALS];
    refused.push({ index, refusal, ...readWhy(status, reader) });
  }
  return { retriedCount, refused };
}

function readWhy(status: number, reader: ReplyReader): Pick<RefusedRetry, "id" | "detail"> {
  if (status !== STATUS_REFUSED && status !== STATUS_BUSY_NAMED) return {};
  const id = reader.bytes(16);
  if (status === STATUS_BUSY_NAMED) return { id };
  return { id, detail: Buffer.from(reader.bytes(reader.u8())).toString() };
}

/** The counter fields that the filter covers: `c:state:reason:quarantine reason`. */
function filterCells(filter: MessageFilter): string {
  const reasons = filter.reasons.length > 0 ? filter.reasons : REASON_NAMES;
  const cells: string[] = [];
  for (const state of filterStates(filter)) {
    // Only a quarantined message has a quarantine reason: asking for one leaves no other.
    if (state === "SCHEDULED" && filter.quarantineReasons.length > 0) continue;
    for (const reason of reasons) {
      for (const why of state === "SCHEDULED" ? [0] : quarantineNumbers(filter)) {
        cells.push(`c:${STATE_NUMBERS[state]}:${REASONS[reason]}:${why}`);
      }
    }
  }
  // No cell at all must still read as a filter, one that nothing matches.
  return cells.length > 0 ? cells.join(" ") : "none";
}

function quarantineNumbers(filter: MessageFilter): number[] {
  const names =
    filter.quarantineReasons.length > 0
      ? filter.quarantineReasons
      : (Object.keys(QUARANTINE_REASONS) as QuarantineReason[]);
  return names.map((name) => QUARANTINE_REASONS[name]);
}

function filterStates(filter: MessageFilter): readonly ("SCHEDULED" | "QUARANTINED")[] {
  return filter.states.length > 0 ? filter.states : ["QUARANTINED"];
}

function filterPlaces(filter: MessageFilter): string[] {
  return filterStates(filter).flatMap((state) =>
    state === "SCHEDULED" ? ["due", "isolated", "indirect", "moving"] : ["quarantine"],
  );
}
