import type { MessageFilter, RefusedRetry, RetryOutcome } from "../../../core/message.ts";
import { formatMessageId } from "../../../core/message-id.ts";
import type { QuarantineReason } from "../../../core/reason.ts";
import { QUARANTINE_REASONS, REASON_NAMES, REASONS } from "../../../core/reason.ts";
import type { PrepareRetry, RetryItem } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import type { StoreContext } from "../context.ts";
import { packEdit } from "../edits.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { pack } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";

const { RETRIED } = CONSTANTS;

const REFUSALS = {
  [RETRIED.MISSING]: "NOT_FOUND",
  [RETRIED.BUSY]: "IN_FLIGHT",
  [RETRIED.REFUSED]: "TRANSFORM_FAILED",
  [RETRIED.BUSY_NAMED]: "IN_FLIGHT",
} as const;

/** Messages looked at by one step of the walk to those that match. */
const PAGE = 500;

type RetryContext = Pick<StoreContext, "run" | "bodies" | "journalMax" | "deliverySettingsOf">;

/** The result of each, in the order of the ids. "moved": one has changed since it was decided. */
export async function runRetry(
  context: RetryContext,
  queue: string,
  request: Uint8Array,
  items: readonly RetryItem[],
): Promise<RetryOutcome | "moved"> {
  const reply = await change(context, queue, request, items, { cells: "", expected: 0 });
  return reply[0] === CONSTANTS.RETRY.CHANGED ? "moved" : readRetried(reply, items.length);
}

/**
 * Finds the ids page by page, then retries them in one step. That step checks, by the queue's counts, that they are all
 * messages that match: a walk alone could miss one that changed its index meanwhile. The step runs once before the walk,
 * too: it answers a repeated request, and a count that is wrong.
 */
export async function runRetryMatching(
  context: RetryContext,
  queue: string,
  request: Uint8Array,
  filter: MessageFilter,
  expectedCount: number,
  prepare: PrepareRetry,
): Promise<RetryOutcome | { mismatch: number } | "moved"> {
  const matching = { cells: filterCells(filter), expected: expectedCount };
  const step = async (items: readonly RetryItem[]) => {
    const reply = await change(context, queue, request, items, matching);
    const { status, number } = new Reader(reply).read(LAYOUTS.retryReply);
    if (status === CONSTANTS.RETRY.MISMATCH) return { mismatch: number };
    return status === CONSTANTS.RETRY.CHANGED ? "moved" : readRetried(reply);
  };
  const early = await step([]);
  if (early !== "moved") return early;
  return step(await prepare(await runFind(context.run, queue, filter, expectedCount)));
}

async function change(
  { run, deliverySettingsOf, journalMax, bodies }: RetryContext,
  queue: string,
  request: Uint8Array,
  items: readonly RetryItem[],
  matching: { cells: string; expected: number },
): Promise<Buffer> {
  const header = { ...matching, request, journalMax, deliverySettings: deliverySettingsOf(queue) };
  const packed = items.map((item) => ({ item: packItem(item, bodies) }));
  return (await run("retry", queue, header, packed)) as Buffer;
}

/** Walks to as many matching messages as are wanted. The walk may meet one twice: it counts once. */
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
      const reader = new Reader(found);
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
      return decided(item.id, RETRIED.BUSY, 0, NOTHING);
    case "refuse":
      return decided(item.id, RETRIED.REFUSED, item.version, Buffer.from(item.detail));
    case "edit":
      return decided(item.id, RETRIED.RETRIED, item.version, packEdit(item.write, bodies));
  }
}

const NOTHING = new Uint8Array();

function decided(id: Uint8Array, status: number, version: number, rest: Uint8Array): Uint8Array {
  return pack(id, LAYOUTS.retryDecision.of({ status, version }), rest);
}

/** Reads at most so many results: the answer may be that of an earlier request with other ids. */
export function readRetried(answer: Buffer, most = Number.POSITIVE_INFINITY): RetryOutcome {
  const reader = new Reader(answer);
  reader.read(LAYOUTS.retryReply);
  const refused: RefusedRetry[] = [];
  let retriedCount = 0;
  for (let index = 0; index < most && !reader.done; index++) {
    const { status } = reader.read(LAYOUTS.retried);
    if (status === RETRIED.RETRIED) {
      retriedCount++;
      continue;
    }
    const refusal = REFUSALS[status as keyof typeof REFUSALS];
    refused.push({ index, refusal, ...readDetails(status, reader) });
  }
  return { retriedCount, refused };
}

function readDetails(status: number, reader: Reader): Pick<RefusedRetry, "id" | "detail"> {
  if (status === RETRIED.BUSY_NAMED) return { id: reader.bytes(16) };
  if (status !== RETRIED.REFUSED) return {};
  const { id, why } = reader.read(LAYOUTS.refusedRetry);
  return { id, detail: Buffer.from(why).toString() };
}

/** The counter fields that the filter covers: `c:state:reason:quarantine reason`. */
function filterCells(filter: MessageFilter): string {
  const reasons = filter.reasons.length > 0 ? filter.reasons : REASON_NAMES;
  const cells: string[] = [];
  for (const state of filterStates(filter)) {
    // Only quarantined messages have a quarantine reason: a filter by one matches no others.
    if (state === "SCHEDULED" && filter.quarantineReasons.length > 0) continue;
    for (const reason of reasons) {
      for (const why of state === "SCHEDULED" ? [0] : quarantineNumbers(filter)) {
        cells.push(`${CONSTANTS.COUNTER.CELL}${CONSTANTS.STATE[state]}:${REASONS[reason]}:${why}`);
      }
    }
  }
  // Without cells it must still be a filter, which matches nothing.
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
