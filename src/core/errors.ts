/** One error in a request: the field's path in the contract, and how to fix it. */
export interface FieldViolation {
  field: string;
  description: string;
}

/**
 * One limit that is reached: its subject ("queue:orders"), and how to get below it or raise it.
 */
export interface QuotaViolation {
  subject: string;
  description: string;
}

/** Every error of the service, as data. A table in the rpc layer maps each kind to a gRPC code. */
export type DlqErrorDetail =
  | { kind: "INVALID"; violations: readonly FieldViolation[] }
  | { kind: "NOT_FOUND"; resource: string; name: string }
  /** A payload or batch is over the size limit: a retry is useless. */
  | { kind: "PAYLOAD_TOO_LARGE"; violations: readonly QuotaViolation[] }
  /** A queue is full (messages or bytes): there is room again when messages leave. */
  | { kind: "LIMIT"; violations: readonly QuotaViolation[] }
  /** The store does not answer. The write may have happened: `request_id` makes a retry safe. */
  | { kind: "STORE_UNAVAILABLE"; retryAfterMs: number }
  /** The store is full (memory or disk). Nothing was written. */
  | { kind: "STORE_FULL"; violations: readonly QuotaViolation[]; retryAfterMs: number }
  /** The state differs from what the request expects. The caller should read it again. */
  | { kind: "PRECONDITION"; subject: string; description: string }
  /** A concurrent change won. The same request can succeed now. */
  | { kind: "ABORTED"; retryAfterMs: number }
  /** The queue is being deleted. Nothing was written; the name is free again in a moment. */
  | { kind: "QUEUE_DELETING"; retryAfterMs: number }
  /** The server has as much of this work as it does at once. Nothing was changed. */
  | { kind: "BUSY"; retryAfterMs: number }
  /** The resource has changed: the same request can never succeed. */
  | { kind: "STALE_ETAG" }
  | { kind: "UNAUTHENTICATED" }
  /** Stored content cannot be read: somebody must restore it. */
  | { kind: "DAMAGED" }
  | { kind: "INTERNAL" };

export type DlqErrorKind = DlqErrorDetail["kind"];

/** Narrow on `detail.kind`. The message says what the caller should do. */
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

export function unknownMessage(queue: string, id: string): DlqError {
  return new DlqError(
    `queue ${queue} has no message ${id}: it was processed, removed, or moved to another queue by a rule; check queue and id`,
    { kind: "NOT_FOUND", resource: "message", name: id },
  );
}

export function unknownGroup(id: string): DlqError {
  return new DlqError(`there is no group ${id}: check the id, or list the groups with ListGroups`, {
    kind: "NOT_FOUND",
    resource: "group",
    name: id,
  });
}

export function unknownJob(number: number): DlqError {
  return new DlqError(
    `there is no batch job j-${number}: check the id, or list the jobs with ListBatchJobs; the last 1,000 ended ones are kept`,
    { kind: "NOT_FOUND", resource: "batch_job", name: `j-${number}` },
  );
}

/** `state`: how it ended. */
export function jobHasEnded(id: string, state: string): DlqError {
  return precondition("batch_job", `${id} has ended (${state}); create a new job`);
}

export function unknownQueue(queue: string): DlqError {
  return new DlqError(
    `queue ${queue} does not exist, and sends do not create queues here (queue_creation is closed); check its name, or create it in the configuration or with UpdateQueue`,
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
  const description = `is full: its limit is ${limit} ${what}; drain it or raise the limit`;
  return new DlqError(`queue ${queue} ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: `queue:${queue}`, description }],
  });
}

export function tooManyQueues(limit: number): DlqError {
  const description = `is at its limit of ${limit} queues; use an existing queue, or raise max_queues`;
  return new DlqError(`the deployment ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: "queues", description }],
  });
}

export function tooManyJobs(limit: number): DlqError {
  const description = `has ${limit} batch jobs that have not ended, which is the limit; wait for some, or cancel them`;
  return new DlqError(`the deployment ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: "batch_jobs", description }],
  });
}

export function tooManyQuietSessions(limit: number): DlqError {
  const description = `has ${limit} quiet sessions, which is the limit; let some take messages again`;
  return new DlqError(`the deployment ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: "quiet_sessions", description }],
  });
}

export function unknownSession(id: string): DlqError {
  return new DlqError(
    `there is no session ${id}: its stream has ended and held nothing, or no queue of it exists; ListWorkers has the sessions of a queue`,
    { kind: "NOT_FOUND", resource: "session", name: id },
  );
}

export function tooManySettings(bytes: number, limit: number): DlqError {
  const description = `has ${bytes} bytes of settings of queues with this change; at most ${limit} are allowed; shorten or clear those of other queues`;
  return new DlqError(`the deployment ${description}`, {
    kind: "LIMIT",
    violations: [{ subject: "settings", description }],
  });
}

export function storeUnavailable(retryAfterMs: number, cause?: unknown): DlqError {
  return new DlqError(
    "the store does not answer; retry later, with the same request_id if the request has one: it is applied at most once",
    { kind: "STORE_UNAVAILABLE", retryAfterMs },
    { cause },
  );
}

/** `description` says what is full, and what to do. */
export function storeFull(retryAfterMs: number, description: string, cause?: unknown): DlqError {
  return new DlqError(
    `the store is full: ${description}`,
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
    `queue ${queue} is being deleted and accepts messages again when that is done; retry with the same request_id`,
    { kind: "QUEUE_DELETING", retryAfterMs: 1_000 },
  );
}

/** `description` says with what. */
export function serverBusy(retryAfterMs: number, description: string): DlqError {
  return new DlqError(`the server is busy: ${description}; nothing was changed; call again`, {
    kind: "BUSY",
    retryAfterMs,
  });
}

/** `why`: what ended the watch. */
export function watchEnded(retryAfterMs: number, why: string): DlqError {
  return new DlqError(
    `the watch has ended: ${why}; call again, with the last resume_token if the call has one`,
    { kind: "BUSY", retryAfterMs },
  );
}

export function staleEtag(what: string): DlqError {
  return new DlqError(
    `${what} changed after this etag was read; nothing was written; read it again`,
    { kind: "STALE_ETAG" },
  );
}

export function unauthenticated(): DlqError {
  return new DlqError(
    "no valid credentials; send the header `authorization: Bearer <token>` with a token that this server accepts",
    { kind: "UNAUTHENTICATED" },
  );
}

export function damagedMessage(queue: string, id: string, cause: unknown): DlqError {
  return new DlqError(
    `message ${id} of queue ${queue} is damaged: its stored content cannot be read; restore its entries from a backup of Redis, or report a defect if nothing else wrote to Redis`,
    { kind: "DAMAGED" },
    { cause },
  );
}

/** A bug in the server. The caller gets no details; the log has the cause. */
export function internal(cause: unknown): DlqError {
  return new DlqError(
    "unexpected error; the server's log has the cause",
    { kind: "INTERNAL" },
    { cause },
  );
}
