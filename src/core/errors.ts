/** One thing wrong with a request: the field's path as in the contract, and how to put it right. */
export interface FieldViolation {
  field: string;
  description: string;
}

/** One limit that is reached: what it limits ("queue:orders"), and how to get below or raise it. */
export interface QuotaViolation {
  subject: string;
  description: string;
}

/**
 * Everything that the service refuses or fails at, as data. What crosses the wire for each kind
 * is decided in one table of the rpc layer.
 */
export type DlqErrorDetail =
  | { kind: "INVALID"; violations: readonly FieldViolation[] }
  | { kind: "NOT_FOUND"; resource: string; name: string }
  /** A payload or batch over the size limit: it will never fit, retrying is useless. */
  | { kind: "PAYLOAD_TOO_LARGE"; violations: readonly QuotaViolation[] }
  /** A queue's own limit (messages, bytes): room comes back as messages leave. */
  | { kind: "LIMIT"; violations: readonly QuotaViolation[] }
  /** The store does not answer. Whether the write happened is unknown: `request_id` makes a retry safe. */
  | { kind: "STORE_UNAVAILABLE"; retryAfterMs: number }
  /** The store refuses to grow (memory or disk). Nothing was written. */
  | { kind: "STORE_FULL"; violations: readonly QuotaViolation[]; retryAfterMs: number }
  /** The world is not as the request expected; look again, then decide. */
  | { kind: "PRECONDITION"; subject: string; description: string }
  /** Lost a race; the same request may well succeed now. */
  | { kind: "ABORTED"; retryAfterMs: number }
  /** Nothing was written; the name is free again in a moment. */
  | { kind: "QUEUE_DELETING"; retryAfterMs: number }
  /** Somebody else has changed it meanwhile: the same request will never succeed. */
  | { kind: "STALE_ETAG" }
  | { kind: "UNAUTHENTICATED" }
  | { kind: "INTERNAL" };

export type DlqErrorKind = DlqErrorDetail["kind"];

/** Narrow on `detail.kind`. The message is for the caller: it says what to do. */
export class DlqError extends Error {
  override readonly name = "DlqError";
  readonly detail: DlqErrorDetail;

  constructor(message: string, detail: DlqErrorDetail, options?: { cause?: unknown }) {
    super(message, options);
    this.detail = detail;
  }

  get kind(): DlqErrorKind {
    return this.detail.kind;
  }
}

export function invalid(violations: readonly FieldViolation[]): DlqError {
  const list = violations.map((v) => `${v.field}: ${v.description}`).join("; ");
  return new DlqError(list || "the request is not valid", { kind: "INVALID", violations });
}

export function invalidField(field: string, description: string): DlqError {
  return invalid([{ field, description }]);
}

export function notFound(resource: string, name: string): DlqError {
  return new DlqError(`${resource} ${name} does not exist; check its name`, {
    kind: "NOT_FOUND",
    resource,
    name,
  });
}

export function unknownQueue(queue: string): DlqError {
  return new DlqError(
    `queue ${queue} does not exist, and no message creates one here (queue-creation is closed); check its name, or name it in the configuration or by UpdateQueue`,
    { kind: "NOT_FOUND", resource: "queue", name: queue },
  );
}

export function payloadTooLarge(subject: string, bytes: number, limitBytes: number): DlqError {
  const description = `${bytes} bytes exceed the limit of ${limitBytes}; store large content elsewhere and send a reference, or raise the limit`;
  return new DlqError(`${subject}: ${description}`, {
    kind: "PAYLOAD_TOO_LARGE",
    violations: [{ subject, description }],
  });
}

export function queueLimit(queue: string, what: "messages" | "bytes", limit: number): DlqError {
  const description = `holds its limit of ${limit} ${what}; drain it or raise the limit`;
  return new DlqError(`queue ${queue} ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: `queue:${queue}`, description }],
  });
}

export function tooManyQueues(limit: number): DlqError {
  const description = `has its limit of ${limit} queues; use an existing one, or raise max-queues`;
  return new DlqError(`the deployment ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: "queues", description }],
  });
}

export function storeUnavailable(retryAfterMs: number, cause?: unknown): DlqError {
  return new DlqError(
    "the store does not answer; retry with the same request_id, it is applied at most once",
    { kind: "STORE_UNAVAILABLE", retryAfterMs },
    { cause },
  );
}

export function storeFull(retryAfterMs: number, description: string, cause?: unknown): DlqError {
  return new DlqError(
    `the store is full: ${description}; acknowledge or discard messages, or give it more room`,
    { kind: "STORE_FULL", violations: [{ subject: "store", description }], retryAfterMs },
    { cause },
  );
}

export function precondition(subject: string, description: string): DlqError {
  return new DlqError(`${subject}: ${description}`, {
    kind: "PRECONDITION",
    subject,
    description,
  });
}

export function aborted(retryAfterMs: number, what: string): DlqError {
  return new DlqError(`${what} changed at the same time; retry`, {
    kind: "ABORTED",
    retryAfterMs,
  });
}

export function queueDeleting(queue: string): DlqError {
  return new DlqError(
    `queue ${queue} is being deleted, and takes messages again when that is done; retry with the same request_id`,
    { kind: "QUEUE_DELETING", retryAfterMs: 1_000 },
  );
}

export function staleEtag(what: string): DlqError {
  return new DlqError(
    `${what} has changed since this etag; read it again, and decide again. Nothing was changed`,
    { kind: "STALE_ETAG" },
  );
}

export function unauthenticated(): DlqError {
  return new DlqError(
    "no valid credentials; send the header `authorization: Bearer <token>` with a token of this server",
    { kind: "UNAUTHENTICATED" },
  );
}

/** A bug of ours. The caller hears nothing of the cause; the log does. */
export function internal(cause: unknown): DlqError {
  return new DlqError(
    "an unexpected error; the server's log has the cause",
    { kind: "INTERNAL" },
    { cause },
  );
}
