// What an import refuses in the edits of a message, and in its content.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { MessageContentSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { PayloadSchema, RetryPolicySchema } from "../../gen/dlq/v1/message_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { type MessageEdit, MessageEditSchema } from "../../gen/dlq/v1/stored_message_pb.ts";
import { type ExportedParts, PAYLOAD_BYTES, refusals, testLimit } from "./exported-message.ts";

const payloadOf = (value: string) => create(PayloadSchema, { body: { case: "text", value } });
const list = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
const hash = (bytes = 16) => new Uint8Array(bytes);

/** Gives a message edits of its payload. */
function edit({ exported, stored, message }: ExportedParts, count: number): MessageEdit {
  stored.original = create(MessageContentSchema, { payload: payloadOf("{}") });
  message.payload = payloadOf("[]");
  const make = () =>
    create(MessageEditSchema, { source: "Retry", target: TransformTarget.PAYLOAD });
  stored.edits = list(count, make);
  exported.editHashes = list(count, hash);
  return stored.edits[0] ?? make();
}

test("a message that was edited is read", () => {
  expect(refusals((parts) => edit(parts, 1))).toEqual([]);
});

describe("edits", () => {
  test("need the content before them", () => {
    const found = refusals((parts) => {
      edit(parts, 1);
      delete parts.stored.original;
    });
    expect(found).toEqual(["stored.original is required with edits"]);
  });
  testLimit<number>(
    "a target that is known",
    [TransformTarget.ATTRIBUTES, 77],
    (parts, target) => Object.assign(edit(parts, 1), { target }),
    "stored.edits has the target 77, which is unknown to this server",
  );
  testLimit(
    "a time since 1970",
    [0, -1],
    (parts, ms) => Object.assign(edit(parts, 1), { time: timestampFromMs(ms) }),
    "stored.edits has a time before 1970",
  );
  testLimit("count", [32, 33], edit, "stored.edits has 33 entries; at most 32 are allowed");
  testLimit(
    "transforms that were applied",
    [256, 257],
    (parts, count) => {
      edit(parts, 1);
      parts.exported.appliedTransforms = list(count, hash);
    },
    "applied_transforms has 257 entries; at most 256 are allowed",
  );
  testLimit(
    "a hash for each",
    [2, 1],
    (parts, count) => {
      edit(parts, 2);
      parts.exported.editHashes = list(count, hash);
    },
    "edit_hashes has 1 entries for 2 edits",
  );
  testLimit(
    "bytes of the hash of an edit",
    [64, 65],
    (parts, bytes) => {
      edit(parts, 1);
      parts.exported.editHashes = [hash(bytes)];
    },
    "edit_hashes has a hash of 65 bytes; at most 64 are allowed",
  );
  testLimit(
    "bytes of the hash of a transform",
    [64, 65],
    (parts, bytes) => {
      edit(parts, 1);
      parts.exported.appliedTransforms = [hash(bytes)];
    },
    "applied_transforms has a hash of 65 bytes; at most 64 are allowed",
  );
  testLimit(
    "bytes of the source",
    [512, 513],
    (parts, bytes) => {
      edit(parts, 1).source = "x".repeat(bytes);
    },
    "stored.edits is 513 bytes long; at most 512 are allowed",
  );
  testLimit(
    "bytes of patch and inverse",
    [32_768, 32_769],
    (parts, bytes) => {
      Object.assign(edit(parts, 1), { patch: "x".repeat(bytes), inverse: "y".repeat(32_768) });
    },
    "stored.edits is 65537 bytes long; at most 65536 are allowed",
  );
  testLimit(
    "time",
    [253_402_300_799, 253_402_300_800],
    (parts, seconds) => {
      edit(parts, 1).time = { ...timestampFromMs(0), seconds: BigInt(seconds) };
    },
    "stored.edits is not a timestamp: years 1 to 9999, nanos 0 to 999999999",
  );
});

describe("the content after edits", () => {
  testLimit(
    "bytes of the payload",
    [PAYLOAD_BYTES, PAYLOAD_BYTES + 1],
    (parts, bytes) => {
      edit(parts, 1);
      parts.message.payload = payloadOf("x".repeat(bytes));
    },
    "stored.message.payload.text is 101 bytes long; this server accepts at most 100: store large content elsewhere and send a reference, or raise the server's payload limit",
  );
  testLimit(
    "attributes",
    [64, 65],
    (parts, count) => {
      edit(parts, 1);
      parts.message.attributes = Object.fromEntries(
        list(count, String).map((_, n) => [`${n}`, ""]),
      );
    },
    "stored.message.attributes has 65 entries; at most 64 are allowed",
  );
});

describe("the content as it was sent", () => {
  testLimit(
    "bytes of the payload",
    [PAYLOAD_BYTES, PAYLOAD_BYTES + 1],
    ({ message }, bytes) => {
      message.payload = payloadOf("x".repeat(bytes));
    },
    "stored.message.payload.text is 101 bytes long; this server accepts at most 100: store large content elsewhere and send a reference, or raise the server's payload limit",
  );
  testLimit(
    "bytes of its source",
    [256, 257],
    ({ message }, bytes) => {
      message.sourceId = "x".repeat(bytes);
    },
    "stored.message.source_id is 257 bytes long; at most 256 are allowed",
  );
  testLimit(
    "its own policy",
    [1_000, 1_001],
    ({ stored }, maxRetries) => Object.assign(stored, { maxRetries }),
    "stored.message.max_retries is 1001; at most 1000 are allowed",
  );
  testLimit(
    "the policy of a rule",
    [1_000, 1_001],
    ({ stored }, maxRetries) => {
      stored.ruleRetryPolicy = create(RetryPolicySchema, { maxRetries });
    },
    "stored.rule_retry_policy.max_retries is 1001; at most 1000 are allowed",
  );
});
