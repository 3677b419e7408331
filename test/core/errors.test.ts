import { expect, it, test } from "vitest";
import * as errors from "../../src/core/errors.ts";

const KINDS: [errors.DlqErrorKind, errors.DlqError, RegExp][] = [
  ["INVALID", errors.invalidField("queue", "must not be empty"), /^queue: must not be empty$/],
  ["NOT_FOUND", errors.unknownMessage("orders", "7"), /queue orders has no message 7: .*; check/],
  [
    "NOT_FOUND",
    errors.unknownGroup("01ffff"),
    /^there is no group 01ffff: check the id, or list the groups with ListGroups$/,
  ],
  ["NOT_FOUND", errors.unknownJob(8), /^there is no batch job j-8: check the id, or list the jobs/],
  ["PRECONDITION", errors.jobHasEnded("j-8", "DONE"), /j-8 has ended \(DONE\); create a new job/],
  ["LIMIT", errors.tooManyJobs(5), /has 5 batch jobs that have not ended.*or cancel them$/],
  ["NOT_FOUND", errors.unknownQueue("orders"), /sends do not create queues here.*UpdateQueue$/],
  ["PAYLOAD_TOO_LARGE", errors.payloadTooLarge("payload", 9, 5), /9 bytes exceed the limit of 5/],
  ["LIMIT", errors.queueLimit("orders", "messages", 10), /its limit is 10 messages; drain it/],
  ["LIMIT", errors.tooManyQueues(5), /at its limit of 5 queues; use an existing.*max_queues$/],
  ["NOT_FOUND", errors.unknownSession("7"), /no session 7: its stream has ended.*ListWorkers has/],
  ["LIMIT", errors.tooManyQuietSessions(5), /has 5 quiet sessions, which is the limit; let some/],
  ["LIMIT", errors.tooManySettings(9, 5), /has 9 bytes .*; at most 5 .*; shorten or clear those/],
  ["STORE_UNAVAILABLE", errors.storeUnavailable(500), /retry later, with the same request_id/],
  [
    "STORE_FULL",
    errors.storeFull(500, "95% of maxmemory; wait"),
    /^the store is full: 95% of maxmemory; wait$/,
  ],
  ["PRECONDITION", errors.precondition("expected_count", "is 3, found 4"), /is 3, found 4/],
  ["ABORTED", errors.aborted(10, "message x"), /message x changed at the same time; retry/],
  ["QUEUE_DELETING", errors.queueDeleting("orders"), /is being deleted.*same request_id$/],
  [
    "BUSY",
    errors.serverBusy(500, "2 counts run"),
    /^the server is busy: 2 counts run; nothing was changed; call again$/,
  ],
  [
    "BUSY",
    errors.watchEnded(100, "nothing was read"),
    /^the watch has ended: nothing was read; call again, with the last resume_token if/,
  ],
  ["STALE_ETAG", errors.staleEtag("the set"), /etag was read; nothing was written; read it again$/],
  ["UNAUTHENTICATED", errors.unauthenticated(), /send the header `authorization: Bearer/],
  [
    "DAMAGED",
    errors.damagedMessage("orders", "7", 0),
    /7 of queue orders is damaged: its stored content cannot be read; restore/,
  ],
  [
    "INTERNAL",
    errors.internal(new Error("secret")),
    /^(?!.*secret).*the server's log has the cause$/,
  ],
];

test.each(KINDS)("%s says what to do", (kind, error, message) => {
  expect(error).toBeInstanceOf(errors.DlqError);
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(message);
});

it("has a row for each error", () => {
  const made = Object.values(errors).filter(
    (one) => one !== errors.DlqError && one !== errors.invalid,
  );
  expect(KINDS).toHaveLength(made.length);
});

it("lists every violation in text and details", () => {
  const violations = [
    { field: "queue", description: "must not be empty" },
    { field: "delay", description: "must not be negative" },
  ];
  const error = errors.invalid(violations);
  expect(error.message).toBe("queue: must not be empty; delay: must not be negative");
  expect(error.detail).toEqual({ kind: "INVALID", violations });
});

it("keeps the cause for the log", () => {
  const cause = new Error("ECONNREFUSED");
  expect(errors.storeUnavailable(500, cause).cause).toBe(cause);
});
