// What an import refuses in the failures and events of a message.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import {
  FailureRecordSchema,
  MessageEventKind,
  MessageEventSchema,
} from "../../gen/dlq/v1/stored_message_pb.ts";
import { type ExportedParts, readChanged, refusals, testLimit } from "./exported-message.ts";

type FailureInit = MessageInitShape<typeof FailureRecordSchema>;
type EventInit = MessageInitShape<typeof MessageEventSchema>;

/** Adds failures of attempts after the first failure. */
function fail({ stored }: ExportedParts, init: FailureInit, count = 1): void {
  for (let left = count; left > 0; left--)
    stored.failures.push(create(FailureRecordSchema, { time: timestampFromMs(1), ...init }));
}

function happen({ stored }: ExportedParts, init: EventInit, count = 1): void {
  const kind = MessageEventKind.LEASE_LOST;
  for (let left = count; left > 0; left--)
    stored.events.push(create(MessageEventSchema, { kind, time: timestampFromMs(1), ...init }));
}

const bytes = (count: number) => "x".repeat(count);
const tooLong = (most: number) => `is ${most + 1} bytes long; at most ${most} are allowed`;
const SINCE_1970 = [0, -1] as const;

describe("failures", () => {
  testLimit(
    "the one that the message was sent with",
    [false, true],
    ({ stored }, imported) => {
      stored.failures = [create(FailureRecordSchema, { imported })];
    },
    "stored.failures lacks the one that the message was sent with",
  );
  testLimit(
    "count",
    [16, 17],
    (parts, count) => fail(parts, {}, count),
    "stored.failures has 17 entries after the first one; at most 16 are allowed",
  );
  test("bytes of all of them", () => {
    const stackTrace = bytes(16_384);
    const attributes = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`, bytes(1_024)]));
    const large = { failure: { stackTrace, attributes: attributes(31) } };
    const most = { failure: { stackTrace, attributes: attributes(1) } };
    expect(refusals((parts) => fail(parts, large, 2))).toEqual([]);
    expect(
      refusals((parts) => {
        fail(parts, large, 2);
        fail(parts, most, 2);
      }),
    ).toEqual([
      expect.stringMatching(/^stored\.failures have 13\d{4} bytes; at most 131072 are allowed$/),
    ]);
  });
  testLimit(
    "bytes of the worker",
    [128, 129],
    (parts, count) => fail(parts, { workerId: bytes(count) }),
    `stored.failures ${tooLong(128)}`,
  );
  testLimit(
    "bytes of the server",
    [256, 257],
    (parts, count) => fail(parts, { server: bytes(count) }),
    `stored.failures ${tooLong(256)}`,
  );
  testLimit(
    "the server in one line",
    ["a b", "a\nb"],
    (parts, server) => fail(parts, { server }),
    "stored.failures has a server whose name has a line break",
  );
  testLimit(
    "time",
    SINCE_1970,
    (parts, ms) => fail(parts, { time: timestampFromMs(ms) }),
    "stored.failures has a time before 1970",
  );
  testLimit(
    "start",
    SINCE_1970,
    (parts, ms) => fail(parts, { startTime: timestampFromMs(ms) }),
    "stored.failures has a time before 1970",
  );
});

describe("events", () => {
  testLimit(
    "count",
    [16, 17],
    (parts, count) => happen(parts, {}, count),
    "stored.events has 17 entries; at most 16 are allowed",
  );
  testLimit<MessageEventKind>(
    "kind",
    [MessageEventKind.UNDELETED, 99 as MessageEventKind],
    (parts, kind) => happen(parts, { kind }),
    "stored.events has the kind 99, which is unknown to this server",
  );
  testLimit(
    "bytes of the worker",
    [128, 129],
    (parts, count) => happen(parts, { workerId: bytes(count) }),
    `stored.events ${tooLong(128)}`,
  );
  testLimit(
    "bytes of the server",
    [256, 257],
    (parts, count) => happen(parts, { server: bytes(count) }),
    `stored.events ${tooLong(256)}`,
  );
  testLimit(
    "the server in one line",
    ["a b", "a\nb"],
    (parts, server) => happen(parts, { server }),
    "stored.events has a server whose name has a line break",
  );
  testLimit(
    "bytes of the note",
    [1_024, 1_025],
    (parts, count) => happen(parts, { note: bytes(count) }),
    `stored.events ${tooLong(1_024)}`,
  );
  testLimit(
    "time",
    SINCE_1970,
    (parts, ms) => happen(parts, { time: timestampFromMs(ms) }),
    "stored.events has a time before 1970",
  );
  testLimit(
    "start",
    SINCE_1970,
    (parts, ms) => happen(parts, { startTime: timestampFromMs(ms) }),
    "stored.events has a time before 1970",
  );
});

describe("the queue", () => {
  testLimit(
    "that it came from",
    ["orders", bytes(129)],
    ({ message }, queue) => {
      message.queue = queue;
    },
    "stored.message.queue is not a queue name: 1 to 128 letters, digits, dots, hyphens or underscores",
    "other",
  );
  test("that it goes to is that of the import", () => {
    expect(readChanged(() => {}, "other").queue).toBe("other");
    expect(readChanged(() => {}).queue).toBe("orders");
  });
});
