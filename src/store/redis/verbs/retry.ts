import type { RefusedRetry, RetryOutcome } from "../../../core/message.ts";
import type { RetryCursor, RetrySelection } from "../../../core/retry-selection.ts";
import { LIMITS } from "../../../core/settings.ts";
import { cutUtf8 } from "../../../core/utf8.ts";
import type { PrepareRetry, RetryItem } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import type { StoreContext } from "../context.ts";
import { packEdit } from "../edits.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { pack } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { filterCells, runFind } from "./find.ts";
import { CALLER_BYTES } from "./timeline.ts";

const { RETRIED } = CONSTANTS;

const REFUSALS = {
  [RETRIED.MISSING]: "NOT_FOUND",
  [RETRIED.BUSY]: "IN_FLIGHT",
  [RETRIED.REFUSED]: "TRANSFORM_FAILED",
  [RETRIED.BUSY_NAMED]: "IN_FLIGHT",
} as const;

const NOTHING = new Uint8Array();
const BY_IDS = { cells: "", expected: 0, wanted: 0, started: 0, remains: "" };
type MatchingStep = Omit<typeof BY_IDS, "remains"> & { remains: string | Uint8Array };

type RetryContext = Pick<
  StoreContext,
  "run" | "bodies" | "outboxMaxBytes" | "deliverySettingsOf" | "historyChangedAtMs"
>;

/** The result of each, in the order of the ids. "moved": one has changed since it was decided. */
export async function runRetry(
  context: RetryContext,
  queue: string,
  request: Uint8Array,
  items: readonly RetryItem[],
  caller?: string,
): Promise<RetryOutcome | "moved"> {
  const reply = await change(context, queue, request, items, { ...BY_IDS, caller });
  return reply[0] === CONSTANTS.RETRY.CHANGED ? "moved" : readRetried(reply, items.length);
}

/** What a retry by a filter needs beside the selection. */
interface MatchingRetry {
  prepare: PrepareRetry;
  signal: AbortSignal | undefined;
  caller: string | undefined;
}

/**
 * Finds the ids page by page, then retries them in one step. On the first call that step checks, by the queue's counts, that
 * as many match as expected and that none was missed: a walk alone could miss one that changed its index meanwhile. The step
 * runs once before the walk, too: it answers a repeated request, and a count that is wrong.
 */
export async function runRetryMatching(
  context: RetryContext,
  queue: string,
  request: Uint8Array,
  selection: RetrySelection,
  { prepare, signal, caller }: MatchingRetry,
): Promise<RetryOutcome | { mismatch: number } | "moved"> {
  const { filter, from, expectedCount, pageSize = LIMITS.retryIds } = selection;
  const matching = {
    cells: filterCells(filter),
    expected: expectedCount,
    wanted: Math.min(expectedCount, pageSize),
    started: from?.startedAtMs ?? 0,
  };
  const step = async (items: readonly RetryItem[], rest?: RetryCursor) => {
    const part = { ...matching, caller, remains: rest === undefined ? "" : packRest(rest) };
    const reply = await change(context, queue, request, items, part);
    const { status, number } = new Reader(reply).read(LAYOUTS.retryReply);
    if (status === CONSTANTS.RETRY.MISMATCH) return { mismatch: number };
    return status === CONSTANTS.RETRY.CHANGED ? "moved" : readRetried(reply);
  };
  const early =
    from === undefined ? await step([]) : await runAnswered(context.run, queue, request);
  if (early !== undefined && early !== "moved") return early;
  const { ids, rest } = await runFind(context.run, queue, selection, signal);
  return step(await prepare(ids), rest);
}

/** Returns the answer that a retry of this request got, if it got one. */
async function runAnswered(
  run: RunScript,
  queue: string,
  request: Uint8Array,
): Promise<RetryOutcome | undefined> {
  const [answer] = (await run("contents", queue, { replyBytes: 0, request }, [])) as [Buffer];
  return answer.length === 0 ? undefined : readRetried(answer);
}

async function change(
  { run, deliverySettingsOf, historyChangedAtMs, outboxMaxBytes, bodies }: RetryContext,
  queue: string,
  request: Uint8Array,
  items: readonly RetryItem[],
  { caller = "", ...matching }: (typeof BY_IDS | MatchingStep) & { caller: string | undefined },
): Promise<Buffer> {
  const header = {
    ...{ ...matching, request, outboxMaxBytes },
    caller: cutUtf8(caller, CALLER_BYTES),
    historyChanged: historyChangedAtMs(),
    deliverySettings: deliverySettingsOf(queue),
  };
  const packed = items.map((item) => ({ item: packItem(item, bodies) }));
  return (await run("retry", queue, header, packed)) as Buffer;
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

function packRest({ place, startedAtMs, remaining }: RetryCursor): Uint8Array {
  return LAYOUTS.retryRest.pack({ ...place, started: startedAtMs, remaining });
}

function decided(id: Uint8Array, status: number, version: number, rest: Uint8Array): Uint8Array {
  return pack(id, LAYOUTS.retryDecision.of({ status, version }), rest);
}

/** Reads at most so many results: the answer may be that of an earlier request with other ids. */
export function readRetried(answer: Buffer, most = Number.POSITIVE_INFINITY): RetryOutcome {
  const reader = new Reader(answer);
  const { number: beganAtMs } = reader.read(LAYOUTS.retryReply);
  const refused: RefusedRetry[] = [];
  let retriedCount = 0;
  let rest: RetryCursor | undefined;
  let whyBefore = "";
  for (let index = 0; index < most && !reader.done; index++) {
    const { status } = reader.read(LAYOUTS.retried);
    if (status === RETRIED.RETRIED) {
      retriedCount++;
      continue;
    }
    if (status === RETRIED.REST) {
      rest = readRest(reader, beganAtMs);
      continue;
    }
    const refusal = REFUSALS[status as keyof typeof REFUSALS];
    const details = readDetails(status, reader, whyBefore);
    whyBefore = details.detail ?? whyBefore;
    refused.push({ index, refusal, ...details });
  }
  return { retriedCount, refused, rest };
}

function readRest(reader: Reader, beganAtMs: number): RetryCursor {
  const { started, remaining, index, score, id } = reader.read(LAYOUTS.retryRest);
  return {
    place: { index, score, id },
    startedAtMs: started === 0 ? beganAtMs : started,
    remaining,
  };
}

function readDetails(
  status: number,
  reader: Reader,
  whyBefore: string,
): Pick<RefusedRetry, "id" | "detail"> {
  if (status === RETRIED.BUSY_NAMED) return { id: reader.bytes(16) };
  if (status !== RETRIED.REFUSED) return {};
  const { id, why } = reader.read(LAYOUTS.refusedRetry);
  return { id, detail: why.length === 0 ? whyBefore : Buffer.from(why).toString() };
}
