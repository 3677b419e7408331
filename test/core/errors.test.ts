import { expect, it, test } from "vitest";
import * as errors from "../../src/core/errors.ts";

test.each<[errors.DlqErrorKind, errors.DlqError, RegExp]>([
  ["INVALID", errors.invalidField("queue", "must not be empty"), /^queue: must not be empty$/],
  ["NOT_FOUND", errors.notFound("queue", "orders"), /queue orders does not exist; check/],
  ["PAYLOAD_TOO_LARGE", errors.payloadTooLarge("payload", 9, 5), /9 bytes exceed the limit of 5/],
  ["LIMIT", errors.queueLimit("orders", "messages", 10), /limit is 10 messages; drain it/],
  ["STORE_UNAVAILABLE", errors.storeUnavailable(500), /retry with the same request_id/],
  ["STORE_FULL", errors.storeFull(500, "95% of maxmemory"), /95% of maxmemory; acknowledge/],
  ["PRECONDITION", errors.precondition("expected_count", "is 3, found 4"), /is 3, found 4/],
  ["ABORTED", errors.aborted(10, "message x"), /message x changed at the same time; retry/],
  ["UNAUTHENTICATED", errors.unauthenticated(), /authorization: Bearer/],
  ["INTERNAL", errors.internal(new Error("secret")), /^(?!.*secret).*log/],
])("%s says what to do", (kind, error, message) => {
  expect(error).toBeInstanceOf(errors.DlqError);
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(message);
});

it("lists every violation, for people and for programs", () => {
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
