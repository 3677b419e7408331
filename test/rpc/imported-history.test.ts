import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  type ImportedHistory,
  type ImportedHistorySchema,
  SendToDlqRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { readSend } from "../../src/rpc/convert/send.ts";

type Init = Exclude<MessageInitShape<typeof ImportedHistorySchema>, ImportedHistory>;

function commandOf(importedHistory: Init | undefined) {
  const init = { queue: "orders", payload: { body: { case: "text" as const, value: "{}" } } };
  const request = create(
    SendToDlqRequestSchema,
    importedHistory === undefined ? init : { ...init, importedHistory },
  );
  return readSend(request, { payloadMaxBytes: 100, nowMs: 0 });
}

/** The stored history. */
function kept(importedHistory: Init): ImportedHistory | undefined {
  return fromBinary(EnvelopeSchema, commandOf(importedHistory).encodeEnvelope("TIMEOUT"))
    .importedHistory;
}

const failuresOf = (count: number, message = "m") =>
  Array.from({ length: count }, (_, n) => ({ failure: { type: `E${n}`, message } }));
const typesOf = (importedHistory: ImportedHistory | undefined) =>
  importedHistory?.failures.map(({ failure }) => failure?.type);

describe("an imported history", () => {
  test("is passed to decisions and stored as sent", () => {
    const importedHistory = {
      attempts: 3,
      failures: [
        { failure: { reason: Reason.WEBHOOK_FAILED, type: "E" }, time: { seconds: 6n } },
        { failure: { type: "TimeoutError", message: "timed out" } },
      ],
      firstFailureTime: { seconds: 5n, nanos: 500_000_000 },
      quarantined: true,
    };
    expect(commandOf(importedHistory).importedHistory).toEqual({
      attempts: 3,
      failureCount: 2,
      firstFailureAtMs: 5_500,
      quarantined: true,
    });
    const [, second] = importedHistory.failures;
    const categorized = { failure: { ...second?.failure, reason: Reason.TIMEOUT } };
    expect(kept(importedHistory)).toMatchObject({
      ...importedHistory,
      failures: [importedHistory.failures[0], categorized],
    });
  });

  test("that is empty does not affect decisions", () => {
    expect(commandOf({}).importedHistory).toEqual({
      attempts: 0,
      failureCount: 0,
      firstFailureAtMs: undefined,
      quarantined: false,
    });
    expect(commandOf(undefined).importedHistory).toBeUndefined();
  });

  test("keeps its latest 15 failures", () => {
    expect(typesOf(kept({ failures: failuresOf(17) }))).toEqual(
      Array.from({ length: 15 }, (_, n) => `E${n + 2}`),
    );
    expect(commandOf({ failures: failuresOf(17) }).importedHistory?.failureCount).toBe(15);
  });

  test("keeps the latest 64 KiB of long failures, each cut to its limits", () => {
    const long = failuresOf(4, "x".repeat(5_000)).map(({ failure }) => ({
      failure: { ...failure, stackTrace: "y".repeat(20_000) },
    }));
    const importedHistory = kept({ failures: long });
    expect(typesOf(importedHistory)).toEqual(["E1", "E2", "E3"]);
    for (const { failure } of importedHistory?.failures ?? []) {
      expect(failure).toMatchObject({ truncated: true });
      expect([failure?.message.length, failure?.stackTrace.length]).toEqual([4_096, 16_384]);
    }
  });

  test("drops unknown fields", () => {
    const $unknown = [{ no: 999, wireType: 2, data: new Uint8Array([1, 1]) }];
    const failures = [{ failure: { type: "E", $unknown }, $unknown }];
    expect(kept({ attempts: 1, failures })).toEqual(
      kept({ attempts: 1, failures: [{ failure: { type: "E" } }] }),
    );
  });
});
