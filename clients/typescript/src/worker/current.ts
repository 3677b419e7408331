import { AsyncLocalStorage } from "node:async_hooks";
import { originalOf } from "../json-text.ts";
import { log } from "../log.ts";
import { samePayload } from "../payload.ts";
import type { SendRequest } from "../send-request.ts";
import { isKept, type SendResult } from "../send-result.ts";
import { HeldDelivery } from "./delivery.ts";
import { fail } from "./outcome.ts";

/** A run of a handler, with one delivery or a batch. */
export interface HandlerRun {
  readonly batch: readonly HeldDelivery[];
  /** By the monotonic clock. */
  readonly beganAtMs: number;
  /** How long the handler ran; 0 before its end. */
  handledMs: number;
  /** Sends of its deliveries, for instance to other queues. The handler may return before they are over. */
  readonly forwardings: Promise<void>[];
  /** True when its outcomes are decided: a later send of its messages is a new one. */
  isDecided: boolean;
}

/** The run of the handler that is the caller, or has started it. */
export const currentRun = new AsyncLocalStorage<HandlerRun>();

/**
 * Fails a delivery that its handler sends, for instance to another queue, if it is not kept there: the handler
 * may not look at the result. A send that is kept takes back the failure of those that had ended before it. Once
 * the outcome is decided, a drop is logged.
 *
 * @param payload of the send: a delivery, its payload, or a copy of one
 */
export function watchForwarding(
  queue: string,
  payload: unknown,
  error: unknown,
  result: Promise<SendResult>,
): void {
  const original = originalOf(payload);
  const run = runOf(original);
  const held = run && givenDelivery(run, original);
  if (run === undefined || held === undefined) return;
  const earlier = held.forwardingFailure;
  const watched = result.then((sent) => {
    const isDropped = sent.status === "dropped";
    const why = isDropped ? sent.error : "the message is only in memory";
    if (!isKept(sent)) held.forwardingFailure = fail(error ?? why);
    else if (held.forwardingFailure === earlier) held.forwardingFailure = undefined;
    if (isDropped && run.isDecided)
      log(
        `the send of message ${held.id} of queue "${held.queue}" to queue "${queue}" was dropped after the end of its handler: the message may be lost; await the send in the handler`,
      );
  });
  run.forwardings.push(watched);
}

/** Returns the run of a delivery, also for a callback that is called outside of it; else that of the caller. */
function runOf(payload: unknown): HandlerRun | undefined {
  return payload instanceof HeldDelivery ? payload.run : currentRun.getStore();
}

/** Returns the delivery of a run that a payload is, or whose payload it is. Others may have equal payloads. */
function givenDelivery({ batch }: HandlerRun, payload: unknown): HeldDelivery | undefined {
  return batch.find((held) => held === payload || held.payload === payload);
}

/**
 * Returns the delivery whose message the request is, if its handler runs: then it is not a new message, also if a
 * stopping worker has released it. Of equal messages in a batch, it prefers one with the source id of the request, then
 * one that was not sent yet: each of them may have failed.
 *
 * @param given the payload of the send
 */
export function currentDeliveryOf(
  { wire }: SendRequest,
  given: unknown,
  target: string,
): HeldDelivery | undefined {
  const run = runOf(given);
  if (run === undefined || run.isDecided) return undefined;
  const { queue, sourceId, payload } = wire;
  const isSame = (held: HeldDelivery): boolean => {
    if (held.target !== target || held.queue !== queue) return false;
    if (held.sourceId !== "" && sourceId !== "") return held.sourceId === sourceId;
    return payload !== undefined && samePayload(held.payload.raw, payload);
  };
  const one = givenDelivery(run, given);
  const same = (one === undefined ? run.batch : [one]).filter(isSame);
  const withSourceId = same.filter((held) => sourceId !== "" && held.sourceId === sourceId);
  const equal = withSourceId.length > 0 ? withSourceId : same;
  return equal.find((held) => held.ownOutcome === undefined) ?? equal[0];
}
