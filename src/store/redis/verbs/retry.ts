import type { MessageFilter, RetryOutcome, RetryRefusal } from "../../../core/message.ts";
import { formatMessageId } from "../../../core/message-id.ts";
import type { QuarantineReason } from "../../../core/reason.ts";
import { QUARANTINE_REASONS, REASON_NAMES, REASONS } from "../../../core/reason.ts";
import { ReplyReader } from "../reply.ts";
import { STATE_NUMBERS } from "../states.ts";
import type { RunScript } from "./run.ts";

/** Numbers as in lua/retry.lua. */
const REFUSALS = { 1: "NOT_FOUND", 2: "IN_FLIGHT" } as const satisfies Record<number, RetryRefusal>;

const NO_FILTER = { cells: "", expected: 0 };

/** Messages looked at by one step of the walk to those that match. */
const PAGE = 500;

export async function runRetry(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  ids: readonly Uint8Array[],
  rules: Uint8Array,
  journalMax: number,
): Promise<RetryOutcome> {
  const header = { ...NO_FILTER, request, journal_max: journalMax, delivery_rules: rules };
  const reply = await run("retry", queue, header, ids.map(idItem));
  const reader = new ReplyReader(reply as Buffer);
  reader.u8();
  reader.ms();
  return readOutcome(reader, ids.length);
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
  rules: Uint8Array,
  journalMax: number,
): Promise<RetryOutcome | { mismatch: number } | "moved"> {
  const cells = filterCells(filter);
  const header = {
    expected: expectedCount,
    journal_max: journalMax,
    request,
    cells,
    delivery_rules: rules,
  };
  const change = async (ids: readonly Uint8Array[]) => {
    const reader = new ReplyReader((await run("retry", queue, header, ids.map(idItem))) as Buffer);
    const refused = reader.u8();
    const count = reader.ms();
    if (refused === 1) return { mismatch: count };
    if (refused === 2) return "moved";
    return readOutcome(reader, Number.POSITIVE_INFINITY);
  };
  const early = await change([]);
  if (early !== "moved") return early;
  return change(await find(run, queue, filter, cells, expectedCount));
}

/** Walks to as many matching messages as are wanted. One that moves may be met twice: once counts. */
async function find(
  run: RunScript,
  queue: string,
  filter: MessageFilter,
  cells: string,
  wanted: number,
): Promise<Uint8Array[]> {
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

function idItem(id: Uint8Array) {
  return { id };
}

function readOutcome(reader: ReplyReader, ids: number): RetryOutcome {
  const refused: { index: number; refusal: RetryRefusal }[] = [];
  let retriedCount = 0;
  for (let index = 0; index < ids && !reader.done; index++) {
    const status = reader.u8();
    if (status === 0) retriedCount++;
    else refused.push({ index, refusal: REFUSALS[status as keyof typeof REFUSALS] });
  }
  return { retriedCount, refused };
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
    state === "SCHEDULED" ? ["due", "isolated", "laned"] : ["quarantine"],
  );
}
