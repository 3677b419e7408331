import type { MessageFilter, RetryOutcome, StoredState } from "../../../src/core/message.ts";
import { type Life, once } from "./life.ts";
import type { Message } from "./message.ts";

/** An operator's word: due now. */
export function retry(life: Life, request: string, ids: readonly string[]): RetryOutcome {
  return once(life, "retry", request, () => retryAll(life, ids));
}

/** As many as match: not one more or less than expected, or nothing changes. */
export function retryMatching(
  life: Life,
  request: string,
  filter: MessageFilter,
  expected: number,
) {
  return once(life, "retry", request, (): RetryOutcome | undefined => {
    const ids = matching(life, filter).map(({ id }) => id);
    return ids.length === expected ? retryAll(life, ids) : undefined;
  });
}

export function matching(life: Life, filter: MessageFilter): Message[] {
  const states: readonly StoredState[] = filter.states.length > 0 ? filter.states : ["QUARANTINED"];
  const { reasons, quarantineReasons: whys } = filter;
  return [...life.messages.values()].filter(
    ({ state, reason, quarantineReason: why }) =>
      states.includes(state) &&
      (reasons.length === 0 || reasons.includes(reason)) &&
      (whys.length === 0 || (why !== undefined && whys.includes(why))),
  );
}

function retryAll(life: Life, ids: readonly string[]): RetryOutcome {
  const refused: { index: number; refusal: "NOT_FOUND" | "IN_FLIGHT" }[] = [];
  ids.forEach((id, index) => {
    const message = life.messages.get(id);
    if (!message) refused.push({ index, refusal: "NOT_FOUND" });
    else if (message.state === "IN_FLIGHT") refused.push({ index, refusal: "IN_FLIGHT" });
    else retryOne(life, message);
  });
  return { retriedCount: ids.length - refused.length, refused };
}

function retryOne(life: Life, message: Message): void {
  if (message.state === "QUARANTINED") {
    message.attempts = 0;
    message.expiries = 0;
    message.releases = 0;
    message.poisoned = false;
    message.lease = undefined;
    if (message.sourceId !== "") life.sources.forget(message.sourceId);
    if (message.expireAtMs !== undefined) message.expireAtMs = life.nowMs + message.ttlMs;
  }
  life.schedule(message, life.nowMs);
}
