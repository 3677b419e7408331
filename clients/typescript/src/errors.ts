import type { Code } from "@connectrpc/connect";

/**
 * Why a call of this client did not do what was asked:
 *
 * - `deadline`: no answer within `timeoutMs`;
 * - `buffer-full`: more is pending than `coalesce.maxPendingMessages` or `maxPendingBytes` allow;
 * - `spool-full`: it could not be sent in time, and there is no room to keep it;
 * - `refused`: the server looked at it and said no;
 * - `unauthenticated`: the server wants a token, or another one;
 * - `invalid`: it can't be put on the wire;
 * - `aborted`: by the caller's signal;
 * - `closed`: the client was closed;
 * - `lease-lost`: an outcome came too late and does not count;
 * - `connection`: a worker's stream broke; it is opened again.
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
  | "lease-lost"
  | "connection";

/** What else is known about a {@link DlqClientError}. */
export interface DlqErrorDetails {
  readonly code?: Code | undefined;
  readonly cause?: unknown;
  readonly maybeStored?: boolean | undefined;
}

/** An error of this client. Branch on `kind`; `message` says what to do. */
export class DlqClientError extends Error {
  override readonly name = "DlqClientError";
  readonly kind: DlqErrorKind;
  /** The status of the call that failed, if one did. */
  readonly code: Code | undefined;
  /** True: a try went out and its answer is not known, so the server may have taken it. */
  readonly maybeStored: boolean;

  constructor(kind: DlqErrorKind, message: string, details: DlqErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = details.code;
    this.maybeStored = details.maybeStored ?? false;
  }
}

/** Throw it where trying again can't help: the message goes to quarantine. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";
  readonly nonRetryable = true;
}

/** Throw it where somebody said when to come back, e.g. by `Retry-After`. */
export class RetryAfterError extends Error {
  override readonly name: string = "RetryAfterError";
  /** Replaces the policy's delay. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
