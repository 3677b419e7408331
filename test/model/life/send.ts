import type { Reason } from "../../../src/core/reason.ts";
import { type Life, once, shown } from "./life.ts";
import type { Message, OwnRetry } from "./message.ts";
import { onArrival } from "./rules.ts";

/** What a producer says. */
export interface SendRequest {
  /** Empty: none. */
  requestId: string;
  payload: string;
  reason: Reason;
  failure: string;
  sourceId: string;
  dedupKey: string;
  delayMs: number | undefined;
  /** Instead of the delay. */
  dueAtMs: number | undefined;
  /** 0: lives for ever. */
  ttlMs: number;
  own: OwnRetry;
  priority: number;
  /** Of the attribute that keys go by. Empty: none. */
  key: string;
  /** Ordering key. Empty: none. */
  order: string;
}

export type SendAnswer = ReturnType<typeof shown> & {
  id: string;
  reason: Reason;
  duplicate: boolean;
};

/** Undefined: the queue is full, and nothing has changed. `newId`: if it becomes a new message. */
export function send(life: Life, sendRequest: SendRequest, random: number, newId: string) {
  return once(life, "send", sendRequest.requestId, (): SendAnswer | undefined => {
    const joined = joinable(life, sendRequest);
    if (joined) return join(life, joined, sendRequest, random);
    return accept(life, sendRequest, random, newId);
  });
}

/** The message of the same key and payload, if it is still there. */
function joinable(life: Life, { dedupKey, payload }: SendRequest): Message | undefined {
  const first = dedupKey === "" ? undefined : life.dedup.get(dedupKey, life.nowMs);
  return first?.payload === payload ? life.messages.get(first.id) : undefined;
}

function join(life: Life, message: Message, sendRequest: SendRequest, random: number): SendAnswer {
  life.counts.joined++;
  life.addFailure(message, sendRequest.reason, sendRequest.failure);
  if (countSource(life, sendRequest.sourceId)) message.poisoned = true;
  // A success that is still to come was begun before this failure.
  if (message.lease) message.rejoined = true;
  if (message.state === "IN_FLIGHT") message.dueAtMs = firstDueAtMs(life, sendRequest, random);
  if (message.state === "SCHEDULED" && message.poisoned) life.quarantine(message, "POISON");
  return answer(message, true);
}

function accept(
  life: Life,
  sendRequest: SendRequest,
  random: number,
  id: string,
): SendAnswer | undefined {
  const { maxMessages, nonRetryable } = life.settings;
  const { keyed, ordering } = life.limiters;
  if (maxMessages > 0 && life.messages.size >= maxMessages) return undefined;
  const { ttlMs, reason, own, sourceId, payload, failure, dedupKey } = sendRequest;
  const message: Message = {
    ...{ id, sourceId, own, envelope: payload, state: "SCHEDULED", reason },
    ...{ quarantineReason: undefined, sinceMs: life.nowMs, failures: 1, latestFailure: failure },
    ...{ dueAtMs: life.nowMs, ttlMs, expireAtMs: ttlMs > 0 ? life.nowMs + ttlMs : undefined },
    ...{ attempts: 0, expiries: 0, releases: 0, doubt: 0, deliveries: 0 },
    ...{ rejoined: false, poisoned: countSource(life, sourceId), lease: undefined },
    ...{ priority: sendRequest.priority, holds: false, budgeted: false },
    key: keyed ? sendRequest.key : "",
    order: ordering === "off" ? "" : sendRequest.order,
  };
  life.messages.set(id, message);
  life.counts.accepted++;
  if (dedupKey !== "") life.dedup.set(dedupKey, { id, payload }, life.nowMs);
  const decision = onArrival({ reason, own, delayMs: sendRequest.delayMs, nonRetryable, random });
  if ("quarantine" in decision) life.quarantine(message, decision.quarantine);
  else if (message.poisoned) life.quarantine(message, "POISON");
  else life.schedule(message, firstDueAtMs(life, sendRequest, random));
  return answer(message, false);
}

/** When the first retry is due, or the next one of a message that a worker has. */
function firstDueAtMs(life: Life, sendRequest: SendRequest, random: number): number {
  const { reason, own, delayMs, dueAtMs } = sendRequest;
  if (dueAtMs !== undefined) return Math.max(life.nowMs, dueAtMs);
  const { nonRetryable } = life.settings;
  const decision = onArrival({ reason, own, delayMs, nonRetryable, random });
  return life.nowMs + ("delayMs" in decision ? decision.delayMs : 0);
}

/** Counts a send of the source; true when it was sent too often within the window. */
function countSource({ sources, nowMs, settings }: Life, sourceId: string): boolean {
  if (sourceId === "") return false;
  const sends = (sources.get(sourceId, nowMs) ?? 0) + 1;
  if (sends === 1) sources.set(sourceId, sends, nowMs);
  else sources.update(sourceId, sends);
  return sends >= settings.poisonThreshold;
}

function answer(message: Message, duplicate: boolean): SendAnswer {
  return { ...shown(message), id: message.id, reason: message.reason, duplicate };
}
