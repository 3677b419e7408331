// What `dlq show` makes of a message's history and content, without a server.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { messageLines } from "../../../clients/cli/src/output/message-lines.ts";
import { styleFor } from "../../../clients/cli/src/output/style.ts";
import { Times } from "../../../clients/cli/src/output/times.ts";
import { MessageSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { MessageState, QuarantineReason } from "../../../gen/dlq/v1/state_pb.ts";
import { MessageEventKind, StoredMessageSchema } from "../../../gen/dlq/v1/stored_message_pb.ts";

const NOW_MS = Date.parse("2026-01-31T18:00:00Z");
const PLAIN = styleFor({ write: () => {} }, {});
const ago = (seconds: number) => timestampFromMs(NOW_MS - seconds * 1_000);

/** Lines on a terminal of this width. */
function linesOf(init: MessageInitShape<typeof StoredMessageSchema>, width = 60): string[] {
  const stored = create(StoredMessageSchema, init);
  stored.message ??= create(MessageSchema, { id: "1" });
  const parts = { payload: true, stack: true, width };
  return messageLines(stored, new Times(NOW_MS, false), PLAIN, parts);
}

it("has the time and the age of what happened", () => {
  const lines = linesOf({
    failures: [{ time: ago(60), deliveryNumber: 1 }],
    events: [{ kind: MessageEventKind.RETRIED, time: ago(30) }],
  });
  expect(lines).toContain("2026-01-31T17:59:00.000Z (1m ago)  delivery 1");
  expect(lines).toContain("2026-01-31T17:59:30.000Z (30s ago)  retried by hand");
});

it("ends with the quarantine, unless an event of the worker says it", () => {
  const stored = {
    state: MessageState.QUARANTINED,
    stateTime: ago(10),
    quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    failures: [{ time: ago(10), deliveryNumber: 1 }],
    deliveryCount: 1,
  };
  expect(linesOf(stored)).toContain(
    "2026-01-31T17:59:50.000Z (10s ago)  quarantined: RETRIES_EXHAUSTED",
  );
  const events = [{ kind: MessageEventKind.QUARANTINED, time: ago(10), deliveryNumber: 1 }];
  const byWorker = linesOf({ ...stored, events }).filter((line) => / {2}quarantined/.test(line));
  expect(byWorker).toHaveLength(1);
});

it.each([
  [{ deliveryCount: 4 }, "2 further deliveries were released or are not kept"],
  [{ deliveryCount: 3 }, "1 further delivery was released or is not kept"],
  [{ deliveryCount: 3, state: MessageState.IN_FLIGHT }, undefined],
  [{ deliveryCount: 2 }, undefined],
])("%j: adds up deliveries that are not recorded", (more, text) => {
  const lines = linesOf({
    failures: [{ time: ago(60) }, { time: ago(50), deliveryNumber: 1 }],
    events: [{ kind: MessageEventKind.LEASE_LOST, time: ago(40), deliveryNumber: 2 }],
    ...more,
  });
  expect(lines.find((line) => line.includes("not kept"))).toBe(text);
});

it("content cannot look like a block of its own", () => {
  const fake = "WHY IT IS THERE\n- all is well";
  const wide = `${"x".repeat(58)}HISTORY${" ".repeat(51)}STATE`;
  const lines = linesOf({
    message: {
      id: "1",
      attributes: { HISTORY: "fake" },
      payload: { body: { case: "text", value: `${fake}\n\tz\n${wide}` } },
    },
    failures: [{ failure: { stackTrace: `${fake}\n${wide}` } }],
  });
  const blocks = lines.filter((line) => /^[A-Z]/.test(line));
  expect(blocks).toEqual(["HISTORY", "ATTRIBUTES", "PAYLOAD"]);
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
  expect(lines).toContain("      z");
  expect(lines).toContain(`  HISTORY${" ".repeat(51)}`);
  expect(lines).toContain("  STATE");
});
