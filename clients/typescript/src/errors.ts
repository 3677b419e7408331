import type { Code } from "@connectrpc/connect";

/**
 * Why a call of this client failed:
 *
 * - `deadline`: no answer within `timeoutMs`;
 * - `buffer-full`: more is pending than `coalesce.maxPendingMessages` or `maxPendingBytes` allow;
 * - `spool-full`: it could not be sent in time, and the spool has no room;
 * - `refused`: the server refused it;
 * - `unauthenticated`: the server requires a token, or another one;
 * - `invalid`: it cannot be encoded;
 * - `aborted`: the caller's signal aborted it;
 * - `closed`: the client was closed;
 * - `handler-failed`: a handler threw, or returned what is no outcome: see `cause`;
 * - `lease-lost`: an outcome came too late and does not count;
 * - `connection`: a worker gets no messages and tries again, or `ping` got no answer.
 */
export type DlqErrorKind =
  | "deadline"
  | "buffer-full"
  | "spool-full"
  | "refused"
  | "unauthenticated"
  | "invalid"
  | "aborted"
  | "closed"
  | "handler-failed"
  | "lease-lost"
  | "connection";

/** Optional fields of a {@link DlqClientError}. */
export interface DlqErrorDetails {
  readonly code?: Code | undefined;
  readonly cause?: unknown;
  readonly maybeStored?: boolean | undefined;
}

/** An error of this client. Branch on `kind`; `message` says what to do. */
export class DlqClientError extends Error {
  override readonly name = "DlqClientError";
  readonly kind: DlqErrorKind;
  /** The gRPC status of the failed call, if there was one. */
  readonly code: Code | undefined;
  /** True if a try was sent whose answer is unknown: the server may have stored the message. */
  readonly maybeStored: boolean;

  constructor(kind: DlqErrorKind, message: string, details: DlqErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.maybeStored = details.maybeStored ?? false;
  }
}

/** Throw it when a retry cannot help: the message is quarantined. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";
  readonly nonRetryable = true;
}

/** Throw it when the time of the retry is known, for instance from `Retry-After`. */
export class RetryAfterError extends Error {
  override readonly name: string = "RetryAfterError";
  /** Replaces the delay of the retry policy. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
