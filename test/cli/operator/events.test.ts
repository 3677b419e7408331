// Lines of events and edits in the history of a message, and counts in words.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { messageLines } from "../../../clients/cli/src/output/message-lines.ts";
import { countedText } from "../../../clients/cli/src/output/numbers.ts";
import { styleFor } from "../../../clients/cli/src/output/style.ts";
import { eventFacts } from "../../../clients/cli/src/output/timeline-lines.ts";
import { Times } from "../../../clients/cli/src/output/times.ts";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import { QuarantineReason } from "../../../gen/dlq/v1/state_pb.ts";
import {
  MessageEventKind,
  MessageEventSchema,
  StoredMessageSchema,
} from "../../../gen/dlq/v1/stored_message_pb.ts";

const NOW_MS = 1_000_000_000;
const TIMES = new Times(NOW_MS, false);

describe("a retry by hand", () => {
  it.each<[string, MessageInitShape<typeof MessageEventSchema>, string]>([
    [
      "says which quarantine it ended, and after which time",
      {
        quarantineReason: QuarantineReason.POISON,
        startTime: timestampFromMs(NOW_MS - 7_200_000),
        time: timestampFromMs(NOW_MS),
      },
      "left quarantine after 2h: POISON",
    ],
    [
      "of which the time is unknown",
      { quarantineReason: QuarantineReason.RULE },
      "left quarantine: RULE",
    ],
    ["of a scheduled message", { caller: "ops" }, "by ops"],
  ])("%s", (_, event, text) => {
    const retried = create(MessageEventSchema, { ...event, kind: MessageEventKind.RETRIED });
    expect(eventFacts(retried, TIMES)).toBe(text);
  });
});

describe("counts", () => {
  it("have the form of their number", () => {
    expect(countedText(0, "message")).toBe("0 messages");
    expect(countedText(1n, "delivery", "deliveries")).toBe("1 delivery");
    expect(countedText(1_204, "delivery", "deliveries")).toBe("1,204 deliveries");
  });

  const linesOf = (count: number) => {
    const stored = create(StoredMessageSchema, {
      ...{ message: { id: "1", failureCount: count, attempts: 1 } },
      ...{ deliveryCount: count, unknownOutcomeCount: count },
    });
    const parts = { payload: false, stack: false, width: undefined };
    return messageLines(stored, TIMES, styleFor({ write: () => {} }, {}), parts).join("\n");
  };

  it("of a message, too", () => {
    expect(linesOf(1)).toMatch(/1 delivery, 1 failure in all\noutcome unknown +of 1 delivery:/);
    expect(linesOf(2)).toMatch(
      /2 deliveries, 2 failures in all\noutcome unknown +of 2 deliveries:/,
    );
  });
});

it("edits name what they changed", () => {
  const edits = [TransformTarget.PAYLOAD, TransformTarget.ATTRIBUTES].map((target) => ({
    ...{ target, source: "Retry", patch: "[]" },
  }));
  const stored = create(StoredMessageSchema, { message: { id: "1" }, edits });
  const parts = { payload: false, stack: false, width: undefined };
  const lines = messageLines(stored, TIMES, styleFor({ write: () => {} }, {}), parts);
  expect(lines.filter((line) => line.includes("by Retry"))).toEqual([
    expect.stringContaining("by Retry: payload"),
    expect.stringContaining("by Retry: attributes"),
  ]);
});
