// What tests send and report: valid, small, and different only where they say so.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type {
  Failed,
  FailedSchema,
  Outcome,
  OutcomeSchema,
  SendToDlqRequest,
  SendToDlqRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { Jitter } from "../../gen/dlq/v1/message_pb.ts";

export type SendRequest = Exclude<
  MessageInitShape<typeof SendToDlqRequestSchema>,
  SendToDlqRequest
>;
type FailedInit = Exclude<MessageInitShape<typeof FailedSchema>, Failed>;
type Result = Exclude<MessageInitShape<typeof OutcomeSchema>, Outcome>["result"];
export type OutcomeInit = NonNullable<Result>;

/** A message that is due at once. */
export function sendRequest(queue: string, over: SendRequest = {}): SendRequest {
  return { queue, payload: text("{}"), ...dueIn(0), ...over };
}

export function sendRequests(count: number, queue: string, over: SendRequest = {}): SendRequest[] {
  return Array.from({ length: count }, () => sendRequest(queue, over));
}

export const text = (value: string) => ({ body: { case: "text" as const, value } });
export const blob = (bytes: number) => ({
  body: { case: "data" as const, value: new Uint8Array(bytes) },
});
export const dueIn = (ms: number) => ({
  firstRetry: { case: "delay" as const, value: durationFromMs(ms) },
});
export const dueAt = (atMs: number) => ({
  firstRetry: { case: "dueTime" as const, value: timestampFromMs(Math.round(atMs)) },
});

/** Comes back 10 ms after each failure, this many times. */
export const retriesAtOnce = (maxRetries: number) => ({
  retryPolicy: {
    maxRetries,
    initialDelay: durationFromMs(10),
    maxDelay: durationFromMs(10),
    jitter: Jitter.NONE,
  },
});

export const succeeded: OutcomeInit = { case: "succeeded", value: {} };
export const discarded: OutcomeInit = { case: "discarded", value: { note: "of no use" } };
export const quarantined: OutcomeInit = { case: "quarantined", value: { note: "look at it" } };
export const released = (delayMs?: number): OutcomeInit => ({
  case: "released",
  value: delayMs === undefined ? {} : { delay: durationFromMs(delayMs) },
});
export const failed = (value: FailedInit = {}): OutcomeInit => ({
  case: "failed",
  value: { failure: { type: "Boom", message: "it broke" }, ...value },
});
