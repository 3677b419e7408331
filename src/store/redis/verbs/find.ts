import { precondition } from "../../../core/errors.ts";
import type { MessageFilter } from "../../../core/message.ts";
import { formatMessageId } from "../../../core/message-id.ts";
import type { QuarantineReason } from "../../../core/reason.ts";
import { QUARANTINE_REASONS, REASON_NAMES, REASONS } from "../../../core/reason.ts";
import type { RetrySelection, WalkPlace } from "../../../core/retry-selection.ts";
import { LIMITS } from "../../../core/settings.ts";
import type { MatchingPage } from "../../contract.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";

/** Messages that one step of a walk looks at: others wait for about a millisecond. */
export const PAGE = 500;

const STEPPED_BACK =
  "Redis' clock has stepped back, so it is not known which messages have changed since the first call; this call changed nothing: start again without page_token";

/** The start of a walk. */
export const START: WalkPlace = { index: 0, score: 0, id: new Uint8Array() };

/**
 * Finds as many matching messages as one call acts on. The walk may meet one twice: it counts once. The first call, which
 * knows how many match, ends its walk at the last of them. Later ones look for one more.
 */
export async function runFind(
  run: RunScript,
  queue: string,
  selection: RetrySelection,
  signal?: AbortSignal,
): Promise<MatchingPage> {
  const { from, expectedCount, pageSize = LIMITS.retryIds } = selection;
  const sought = from === undefined ? Math.min(expectedCount, pageSize) : pageSize + 1;
  if (sought === 0) return { ids: [], rest: undefined };
  const found = new Map<string, WalkPlace>();
  for await (const met of matches(run, queue, selection, signal)) {
    found.set(formatMessageId(met.id), met);
    if (found.size === sought) break;
  }
  const page = [...found.values()].slice(0, pageSize);
  const place = page.at(-1) ?? from?.place ?? START;
  // The first call knows how many match. Later ones know only how many did.
  const left = (from?.remaining ?? expectedCount) - page.length;
  const isMore = found.size > pageSize;
  const remaining = from === undefined ? left : isMore ? Math.max(1, left) : 0;
  const startedAtMs = from?.startedAtMs ?? 0;
  return {
    ids: page.map(({ id }) => id),
    rest: remaining > 0 ? { place, startedAtMs, remaining } : undefined,
  };
}

/** Walks through the messages that a selection may still act on. */
async function* matches(
  run: RunScript,
  queue: string,
  { filter, from }: RetrySelection,
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkPlace> {
  const cells = filterCells(filter);
  const started = from?.startedAtMs ?? 0;
  const indexes = filterPlaces(filter);
  let at: WalkPlace | undefined = from?.place ?? START;
  while (at !== undefined) {
    const { index }: WalkPlace = at;
    const place = indexes[index];
    if (place === undefined) return;
    signal?.throwIfAborted();
    const header = { page: PAGE, started, after: packPlace(at), cells };
    const reply = await run("find", queue, { ...header, indexName: place }, []);
    const [seen, entries] = reply as [number, Buffer];
    if (seen < 0) throw precondition("page_token", STEPPED_BACK);
    const reader = new Reader(entries);
    at = nextPlace(reader, { index, seen, indexes: indexes.length });
    while (!reader.done) yield { index, ...reader.read(LAYOUTS.entry) };
  }
}

/** Packs where a page begins. */
export function packPlace({ score, id }: WalkPlace): Uint8Array {
  return id.length === 0 ? id : LAYOUTS.entry.pack({ score, id });
}

/** Reads where a walk continues after a page: behind its last entry, or at the next index. Undefined: it ends. */
export function nextPlace(
  reader: Reader,
  { index, seen, indexes }: { index: number; seen: number; indexes: number },
): WalkPlace | undefined {
  const last = seen > 0 ? reader.read(LAYOUTS.entry) : undefined;
  if (last !== undefined && seen === PAGE) return { index, ...last };
  return index + 1 < indexes ? { ...START, index: index + 1 } : undefined;
}

/** The counter fields that the filter covers: `c:state:reason:quarantine reason`. */
export function filterCells(filter: MessageFilter): string {
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

/** In one order, however the filter names them: a place in a walk holds for equal filters. */
function filterStates({ states }: MessageFilter): readonly ("SCHEDULED" | "QUARANTINED")[] {
  if (states.length === 0) return ["QUARANTINED"];
  return (["SCHEDULED", "QUARANTINED"] as const).filter((state) => states.includes(state));
}

function filterPlaces(filter: MessageFilter): string[] {
  return filterStates(filter).flatMap((state) =>
    state === "SCHEDULED" ? ["due", "isolated", "indirect", "moving"] : ["quarantine"],
  );
}
