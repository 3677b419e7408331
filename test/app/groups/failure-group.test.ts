import { expect, it } from "vitest";
import type { FailureRecord } from "../../../src/app/commands.ts";
import { createGroupOf } from "../../../src/app/groups/failure-group.ts";
import { decodeGroupDescription } from "../../../src/codec/group.ts";

const failure = (over: Partial<FailureRecord> = {}): FailureRecord => ({
  ...{ reason: undefined, type: "KeyError", message: "order 17 is gone", stackTrace: "" },
  ...{ fingerprint: "", grpcCode: undefined, httpStatus: undefined, attributes: {} },
  encode: () => new Uint8Array(),
  ...over,
});

it("gives alike failures one digest, and says what they have in common", () => {
  const groupOf = createGroupOf();
  const first = groupOf(failure(), "EXECUTION_FAILED", false);
  const second = groupOf(failure({ message: "order 18 is gone" }), "EXECUTION_FAILED", false);
  expect(second.digest).toEqual(first.digest);
  expect(decodeGroupDescription(first.describe())).toMatchObject({
    ...{ reason: "EXECUTION_FAILED", type: "KeyError", fingerprint: "" },
    message: expect.stringContaining("is gone"),
  });
});

it.each<[string, Partial<FailureRecord>]>([
  ["type", { type: "ValueError" }],
  ["message", { message: "the list is empty" }],
  ["HTTP status", { httpStatus: 502 }],
  ["gRPC code", { grpcCode: 14 }],
  ["frame", { stackTrace: 'Traceback\n  File "/srv/app/bob.py", line 1, in charge\n' }],
  ["code", { attributes: { code: "ECONNRESET" } }],
  ["SQLSTATE", { attributes: { sqlstate: "23505" } }],
  ["own fingerprint", { fingerprint: "card-declined" }],
])("distinguishes failures of another %s, also remembered ones", (_, over) => {
  const groupOf = createGroupOf();
  const [one, other] = [failure(), failure(over)].map((each) => groupOf(each, "TIMEOUT", false));
  expect(other?.digest).not.toEqual(one?.digest);
  expect(groupOf(failure(), "TIMEOUT", false).digest).toEqual(one?.digest);
  expect(groupOf(failure(over), "TIMEOUT", false).digest).toEqual(other?.digest);
});

it("leaves out of a description what may quote hidden values: all but the reason and the type", () => {
  const one = failure({
    ...{ attributes: { code: "tenant-4711", sqlstate: "23505" }, fingerprint: "gone-bob@acme.io" },
    stackTrace: 'Traceback\n  File "/srv/app/bob.py", line 1, in charge\n',
  });
  expect(decodeGroupDescription(createGroupOf()(one, "TIMEOUT", true).describe())).toEqual({
    ...{ reason: "TIMEOUT", type: "KeyError", message: "", frame: "", fingerprint: "" },
  });
});

it("remembers equal failures, but no long ones", () => {
  const groupOf = createGroupOf();
  const digestOf = (one: FailureRecord) => groupOf(one, "TIMEOUT", false).digest;
  expect(digestOf(failure())).toBe(digestOf(failure()));
  const long = failure({ message: "x".repeat(5_000) });
  expect(digestOf(long)).not.toBe(digestOf(long));
  expect(digestOf(long)).toEqual(digestOf(long));
});
