import type { ReasonName } from "./names.ts";
import type { RetryPolicyOptions } from "./retry-policy.ts";

/** W3C Trace Context that the retries belong to. */
export interface TraceContextOptions {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** What can be said about a dead letter beside its payload and its error. All optional. */
export interface SendOptions {
  /** Your own identity of the message. Poison detection counts the sends of one source id. */
  readonly sourceId?: string | undefined;
  /** Sends of one key and payload within the dedup window join one message. */
  readonly dedupKey?: string | undefined;
  /** Why it failed, if you know; else the server reads it from the error. */
  readonly reason?: ReasonName | undefined;
  /** Headers of the message. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** A media type; `application/json` where the payload was made JSON. */
  readonly contentType?: string | undefined;
  /** First retry this long from now; at most 365 days. Default: the error's `retryAfterMs`, else the policy's. */
  readonly delayMs?: number | undefined;
  /** First retry then; wins over `delayMs`. */
  readonly dueTime?: Date | undefined;
  /** Time to live from now or from the due time. Default: the queue's (24 h). */
  readonly ttlMs?: number | undefined;
  /** Failed attempts after which the message is quarantined; wins over every policy. */
  readonly maxRetries?: number | undefined;
  /** Wins over the policies of the queue and of the reason. */
  readonly retryPolicy?: RetryPolicyOptions | undefined;
  /** -100 to 100, larger is sooner. */
  readonly priority?: number | undefined;
  /** Where the queue has `ordering`, messages of one key are delivered one at a time, in their order. */
  readonly orderingKey?: string | undefined;
  /** Where the message is in your system: topic, partition, offset. */
  readonly coordinates?: Readonly<Record<string, string>> | undefined;
  /** Default: of OpenTelemetry's active span, where the program has `@opentelemetry/api`. */
  readonly traceContext?: TraceContextOptions | undefined;
  /** Identity of this send, shared by all its tries. Default: a random UUID. */
  readonly requestId?: string | undefined;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How long to try; below 10 min, for which a request id is known. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Reject with the DlqClientError instead of resolving to `dropped`. */
  readonly throwOnFailure?: boolean | undefined;
}
