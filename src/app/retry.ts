import { aborted, internal, precondition } from "../core/errors.ts";
import type { RetryOutcome } from "../core/message.ts";
import { LIMITS, type QueueSettings } from "../core/settings.ts";
import type { Transform } from "../core/transform/transform.ts";
import type { Store } from "../store/contract.ts";
import type { RetryCommand, RetryResult } from "./commands.ts";
import {
  type EditedRetryParts,
  prepareEdits,
  retryEdited,
  tryRetry,
} from "./edits/edited-retry.ts";
import { matchingCount } from "./matching-count.ts";
import type { DecisionLog } from "./observer.ts";
import { requestKey } from "./request-key.ts";

export interface RetryParts {
  store: Pick<Store, "messages" | "stats">;
  settingsOf(queue: string): Pick<QueueSettings, "keyAttribute">;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message. */
  payloadMaxBytes?: number | undefined;
  log: DecisionLog;
}

/** Walks that found something else than the counts say, because messages moved meanwhile. */
const TRIES = 3;

type ByFilter = Extract<RetryCommand["by"], { filter: unknown }>;

/** Makes messages due now: an operator's word, by ids or by a filter. */
export function createRetry({ store, settingsOf, now, payloadMaxBytes, log }: RetryParts) {
  const parts: EditedRetryParts = { messages: store.messages, settingsOf, now, payloadMaxBytes };
  const operator = new Retry(store, parts);
  return async (command: RetryCommand, signal?: AbortSignal): Promise<RetryResult> => {
    const { queue, by, transforms = [], dryRun = false } = command;
    if ("filter" in by) checkExpected(by);
    const request = requestKey(command.requestId, queue);
    const how = { queue, request, transforms, signal };
    const result = dryRun
      ? await operator.tryOut(how, by)
      : "ids" in by
        ? await operator.byIds(how, by.ids)
        : await operator.byFilter(how, by);
    const { retriedCount, refused } = result;
    const facts = { queue, retried: retriedCount, refused: refused.length };
    if (!dryRun) log.info({ ...facts, transforms: transforms.length }, "retried");
    return result;
  };
}

/** What all forms of a retry have in common. */
interface How {
  queue: string;
  request: Uint8Array;
  transforms: readonly Transform[];
  signal: AbortSignal | undefined;
}

class Retry {
  readonly #store: RetryParts["store"];
  readonly #parts: EditedRetryParts;

  constructor(store: RetryParts["store"], parts: EditedRetryParts) {
    this.#store = store;
    this.#parts = parts;
  }

  byIds(how: How, given: readonly (Uint8Array | undefined)[]): Promise<RetryOutcome> {
    return withReadable(given, (ids) =>
      how.transforms.length === 0
        ? this.#retryPlain(how, ids)
        : retryEdited(this.#parts, { ...how, ids }),
    );
  }

  async #retryPlain({ queue, request }: How, ids: readonly Uint8Array[]): Promise<RetryOutcome> {
    const items = ids.map((id) => ({ kind: "retry", id }) as const);
    const outcome = await this.#store.messages.retry(queue, request, items);
    // Nothing was decided on a version that could have changed.
    if (outcome === "moved") throw internal(new Error(`plain retry in queue ${queue}: "moved"`));
    return outcome;
  }

  async byFilter(how: How, { filter, expectedCount }: ByFilter): Promise<RetryOutcome> {
    const { queue, request, transforms } = how;
    const { messages } = this.#store;
    const prepare =
      transforms.length === 0
        ? undefined
        : (ids: readonly Uint8Array[]) => prepareEdits(this.#parts, { ...how, ids });
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const outcome = await messages.retryMatching(queue, request, filter, expectedCount, prepare);
      if (outcome === "moved") continue;
      if (!("mismatch" in outcome)) return outcome;
      throw mismatch(expectedCount, outcome.mismatch);
    }
    throw aborted(200, `queue ${queue}`);
  }

  async tryOut(how: How, by: RetryCommand["by"]): Promise<RetryResult> {
    if ("ids" in by) {
      return withReadable(by.ids, (ids) => tryRetry(this.#parts, { ...how, ids }));
    }
    const { filter, expectedCount } = by;
    const [snapshot] = await this.#store.stats([how.queue]);
    const count = matchingCount(filter, snapshot?.cells ?? []);
    if (count !== expectedCount) throw mismatch(expectedCount, count);
    const ids = await this.#store.messages.matching(how.queue, filter, expectedCount);
    return tryRetry(this.#parts, { ...how, ids });
  }
}

/** Of all ids those that could be read; the others are refused beside what becomes of these. */
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

function checkExpected({ expectedCount }: ByFilter): void {
  if (expectedCount <= LIMITS.retryIds) return;
  throw precondition(
    "expected_count",
    `is ${expectedCount}; one call retries at most ${LIMITS.retryIds}: narrow the filter, or retry by ids`,
  );
}

function mismatch(expected: number, found: number) {
  return precondition(
    "expected_count",
    `is ${expected}, but ${found} match; nothing was changed: look at Stats again`,
  );
}
