import { aborted, precondition } from "../core/errors.ts";
import { LIMITS } from "../core/settings.ts";
import type { Store } from "../store/contract.ts";
import type { RetryCommand, RetryOutcome } from "./commands.ts";
import type { DecisionLog } from "./observer.ts";
import { requestKey } from "./request-key.ts";

export interface RetryParts {
  store: Pick<Store, "retry" | "retryMatching">;
  log: DecisionLog;
}

/** Walks that found something else than the counts say, because messages moved meanwhile. */
const TRIES = 3;

/** Makes messages due now: an operator's word, by ids or by a filter. */
export function createRetry({ store, log }: RetryParts) {
  return async (command: RetryCommand): Promise<RetryOutcome> => {
    const request = requestKey(command.requestId, command.queue);
    const outcome =
      "ids" in command.by
        ? await retryIds(store, command.queue, request, command.by.ids)
        : await retryFilter(store, command.queue, request, command.by);
    const { retriedCount, refused } = outcome;
    log.info({ queue: command.queue, retried: retriedCount, refused: refused.length }, "retried");
    return outcome;
  };
}

async function retryIds(
  store: RetryParts["store"],
  queue: string,
  request: Uint8Array,
  ids: readonly (Uint8Array | undefined)[],
): Promise<RetryOutcome> {
  const readable = [...ids.keys()].filter((index) => ids[index] !== undefined);
  const reply = await store.retry(
    queue,
    request,
    readable.map((index) => ids[index] as Uint8Array),
  );
  const refused = [
    ...reply.refused.map(({ index, refusal }) => ({ index: readable[index] as number, refusal })),
    ...[...ids.keys()]
      .filter((index) => ids[index] === undefined)
      .map((index) => ({ index, refusal: "INVALID_ID" as const })),
  ];
  refused.sort((a, b) => a.index - b.index);
  return { retriedCount: reply.retriedCount, refused };
}

async function retryFilter(
  store: RetryParts["store"],
  queue: string,
  request: Uint8Array,
  by: Extract<RetryCommand["by"], { filter: unknown }>,
): Promise<RetryOutcome> {
  if (by.expectedCount > LIMITS.retryIds) {
    throw precondition(
      "expected_count",
      `is ${by.expectedCount}; one call retries at most ${LIMITS.retryIds}: narrow the filter, or retry by ids`,
    );
  }
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const outcome = await store.retryMatching(queue, request, by.filter, by.expectedCount);
    if (outcome === "moved") continue;
    if ("mismatch" in outcome) {
      throw precondition(
        "expected_count",
        `is ${by.expectedCount}, but ${outcome.mismatch} match; nothing was changed: look at Stats again`,
      );
    }
    return outcome;
  }
  throw aborted(200, `queue ${queue}`);
}
