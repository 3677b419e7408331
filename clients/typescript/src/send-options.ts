import type { ReasonName } from "./enum-names.ts";
import type { RetryPolicyOptions } from "./retry-policy.ts";

/** The W3C Trace Context of the message and its retries. */
export interface TraceContextOptions {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** Options of a send. All are optional. */
export interface SendOptions {
  /** Your id of the message. Poison message detection counts the sends of one source id. */
  readonly sourceId?: string | undefined;
  /** Sends with the same key and payload within the dedup window become one message. */
  readonly dedupKey?: string | undefined;
  /** Why it failed. Default: the server derives it from the error. */
  readonly reason?: ReasonName | undefined;
  /**
   * Failures with the same one are one group, such as `card-declined`. It replaces the one that the service forms of reason,
   * type, message and frame. Up to 256 bytes; a longer one is cut.
   */
  readonly fingerprint?: string | undefined;
  /** Headers of the message. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** The media type. Default: `application/json` for a payload that was converted to JSON. */
  readonly contentType?: string | undefined;
  /** Delay of the first retry, at most 365 days. Default: the error's `retryAfterMs`, else by the policy. */
  readonly delayMs?: number | undefined;
  /** Time of the first retry. It overrides `delayMs`. */
  readonly dueTime?: Date | undefined;
  /** Time to live from now or from the due time. Default: the queue's (24 h). */
  readonly ttlMs?: number | undefined;
  /** Failed attempts after which the message is quarantined. It overrides every policy. */
  readonly maxRetries?: number | undefined;
  /** It overrides the policies of the queue and of the reason. */
  readonly retryPolicy?: RetryPolicyOptions | undefined;
  /** -100 to 100. Larger comes first. */
  readonly priority?: number | undefined;
  /** In a queue with `ordering`, messages of one key are delivered one at a time, in order. */
  readonly orderingKey?: string | undefined;
  /** The place of the message in your system, such as topic, partition and offset. */
  readonly coordinates?: Readonly<Record<string, string>> | undefined;
  /** Default: OpenTelemetry's active span, if the program has `@opentelemetry/api`. */
  readonly traceContext?: TraceContextOptions | undefined;
  /** Id of this send, the same in all its tries. Default: a random UUID. */
  readonly requestId?: string | undefined;
  /** Ends the send when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit, below the 10 minutes for which the service remembers a request id. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Reject with the DlqClientError instead of resolving to `dropped`. */
  readonly throwOnFailure?: boolean | undefined;
}
