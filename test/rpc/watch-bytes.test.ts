import { expect, test } from "vitest";
import type { MessageChange } from "../../src/app/messages/watch-messages.ts";
import type { DlqEvent } from "../../src/core/event.ts";
import { eventBatchBytes } from "../../src/rpc/convert/events.ts";
import { messageChangesBytes } from "../../src/rpc/convert/watch-messages.ts";

const KIB = 1024;

test("changes of messages count with all that is read of them", () => {
  const details = {
    envelope: new Uint8Array(KIB),
    edits: new Uint8Array(2 * KIB),
    retrySettings: new Uint8Array(4 * KIB),
    laterFailures: [
      { failure: new Uint8Array(8 * KIB), attempt: { decision: "x".repeat(16 * KIB) } },
    ],
    events: [{ note: "x".repeat(32 * KIB) }],
  };
  const change = { queue: "orders", id: new Uint8Array(16), now: { details } };
  const changes = [change as unknown as MessageChange];
  const bytes = messageChangesBytes({ changes, listAgain: false });
  expect(bytes).toBeGreaterThan(63 * KIB);
  expect(bytes).toBeLessThan(66 * KIB);
  const withLater = messageChangesBytes({ changes, laterMessages: 1_000, listAgain: false });
  expect(withLater).toBeGreaterThan(bytes + 100 * KIB);
});

test("a batch of events counts with those behind it", () => {
  const batch = { events: Array<DlqEvent>(100), gap: undefined, resume: undefined };
  expect(eventBatchBytes({ ...batch, laterEvents: 900 })).toBe(10 * eventBatchBytes(batch));
});
