import { aborted, internal, precondition } from "../core/errors.ts";
import type { MessageFilter, RetryOutcome } from "../core/message.ts";
import { type Redaction, redactionOf } from "../core/redaction/redaction.ts";
import type { RetrySelection } from "../core/retry-selection.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Transform } from "../core/transform/transform.ts";
import type { QueueSnapshot, Store } from "../store/contract.ts";
import type { Caller, RetryCommand, RetryResult } from "./commands.ts";
import {
  type EditedRetryParts,
  prepareEdits,
  retryEdited,
  tryRetry,
} from "./edits/edited-retry.ts";
import type { DecisionLog } from "./observer.ts";
import { requestKey } from "./request-key.ts";

export interface RetryParts {
  store: Pick<Store, "messages" | "stats">;
  settingsOf(queue: string): Pick<QueueSettings, "keyAttribute" | "redact">;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number | undefined;
  log: DecisionLog;
}

/** Attempts when messages move between counting and finding them. */
const TRIES = 3;

/** Makes messages due now, by ids or by a filter. */
export function createRetry({ store, settingsOf, now, payloadMaxBytes, log }: RetryParts) {
  const parts: EditedRetryParts = { messages: store.messages, settingsOf, now, payloadMaxBytes };
  const retry = new Retry(store, parts);
  return async (command: RetryCommand, signal?: AbortSignal): Promise<RetryResult> => {
    const { queue, by, transforms = [], dryRun = false, showRedacted = false, caller } = command;
    const request = requestKey(command.requestId, queue);
    const redaction = showRedacted ? undefined : redactionOf(settingsOf(queue).redact);
    const target = { queue, request, transforms, signal, caller, redaction };
    const result = dryRun
      ? await retry.dryRun(target, by)
      : "ids" in by
        ? await retry.byIds(target, by.ids)
        : await retry.byFilter(target, by);
    const { retriedCount, refused, rest } = result;
    const facts = { queue, retried: retriedCount, refused: refused.length, caller };
    const remaining = rest === undefined ? {} : { remaining: rest.remaining };
    if (!dryRun) log.info({ ...facts, ...remaining, transforms: transforms.length }, "retried");
    return result;
  };
}

/** The parts of a command that ids and filters share. */
interface Target {
  queue: string;
  request: Uint8Array;
  transforms: readonly Transform[];
  signal: AbortSignal | undefined;
  caller: Caller;
  redaction: Redaction | undefined;
}

class Retry {
  readonly #store: RetryParts["store"];
  readonly #parts: EditedRetryParts;

  constructor(store: RetryParts["store"], parts: EditedRetryParts) {
    this.#store = store;
    this.#parts = parts;
  }

  byIds(target: Target, given: readonly (Uint8Array | undefined)[]): Promise<RetryOutcome> {
    return withReadable(given, (ids) =>
      target.transforms.length === 0
        ? this.#retryPlain(target, ids)
        : retryEdited(this.#parts, { ...target, ids }),
    );
  }

  async #retryPlain(
    { queue, request, caller }: Target,
    ids: readonly Uint8Array[],
  ): Promise<RetryOutcome> {
    const items = ids.map((id) => ({ kind: "retry", id }) as const);
    const outcome = await this.#store.messages.retry(queue, request, items, caller);
    // Nothing was decided on a version that could have changed.
    if (outcome === "moved") throw internal(new Error(`plain retry in queue ${queue}: "moved"`));
    return outcome;
  }

  async byFilter(target: Target, selection: RetrySelection): Promise<RetryOutcome> {
    const { queue, request, transforms, signal, caller } = target;
    const { messages } = this.#store;
    const prepare =
      transforms.length === 0
        ? undefined
        : (ids: readonly Uint8Array[]) => prepareEdits(this.#parts, { ...target, ids });
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const retried = messages.retryMatching(queue, request, selection, prepare, signal, caller);
      const outcome = await retried;
      if (outcome === "moved") continue;
      if (!("mismatch" in outcome)) return outcome;
      throw mismatch(selection, outcome.mismatch);
    }
    throw aborted(200, `queue ${queue}`);
  }

  async dryRun(target: Target, by: RetryCommand["by"]): Promise<RetryResult> {
    if ("ids" in by) {
      return withReadable(by.ids, (ids) => tryRetry(this.#parts, { ...target, ids }));
    }
    if (by.from === undefined) await this.#checkCount(target.queue, by);
    const { ids, rest } = await this.#store.messages.matching(target.queue, by, target.signal);
    return { ...(await tryRetry(this.#parts, { ...target, ids })), rest };
  }

  async #checkCount(queue: string, selection: RetrySelection): Promise<void> {
    const [snapshot] = await this.#store.stats([queue]);
    const count = matchingCount(selection.filter, snapshot?.cells ?? []);
    if (count !== selection.expectedCount) throw mismatch(selection, count);
  }
}

/** Retries the readable ids and adds the others as refused. */
async function withReadable<Result extends RetryOutcome>(
  ids: readonly (Uint8Array | undefined)[],
  retry: (readable: readonly Uint8Array[]) => Promise<Result>,
): Promise<Result> {
  const indexes = [...ids.keys()].filter((index) => ids[index] !== undefined);
  const result = await retry(indexes.map((index) => ids[index] as Uint8Array));
  const refused = [
    ...result.refused.map((one) => ({ ...one, index: indexes[one.index] as number })),
    ...[...ids.keys()]
      .filter((index) => ids[index] === undefined)
      .map((index) => ({ index, refusal: "INVALID_ID" as const })),
  ];
  return { ...result, refused: refused.toSorted((a, b) => a.index - b.index) };
}

function mismatch({ filter, expectedCount }: RetrySelection, found: number) {
  const isSurprising = found === 0 && filter.states.length === 0;
  const meaning = isSurprising ? " (a filter without states means QUARANTINED only)" : "";
  const next =
    found === 0
      ? "check the filter against the counts of Stats"
      : `check them with Stats, then set expected_count to ${found}`;
  return precondition(
    "expected_count",
    `is ${expectedCount}, but ${found} match${meaning}; nothing was changed: ${next}`,
  );
}

/** Returns how many messages a filter matches, by the queue's counts. */
export function matchingCount(filter: MessageFilter, cells: QueueSnapshot["cells"]): number {
  const { reasons, quarantineReasons } = filter;
  const states: readonly string[] = filter.states.length > 0 ? filter.states : ["QUARANTINED"];
  let total = 0;
  for (const { state, reason, quarantineReason, count } of cells) {
    if (!states.includes(state)) continue;
    if (reasons.length > 0 && !reasons.includes(reason)) continue;
    // A filter by quarantine reason excludes messages in other states.
    if (quarantineReasons.length > 0) {
      if (quarantineReason === undefined || !quarantineReasons.includes(quarantineReason)) continue;
    }
    total += count;
  }
  return total;
}
