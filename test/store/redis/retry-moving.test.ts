import { expect, test } from "vitest";
import { createRetry } from "../../../src/app/retry.ts";
import type { MessageFilter } from "../../../src/core/message.ts";
import { envelope, mergePayload, readEdits } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
} from "../../support/store-items.ts";

// Retry by a filter that matches messages which move to another queue.

const at = useTestStore();
const QUEUE = "a";
const LATER_MS = 3_600_000;
const SCHEDULED: MessageFilter = { states: ["SCHEDULED"], reasons: [], quarantineReasons: [] };
const QUIET = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };

/** Two messages that wait, and one that moves. */
async function seed() {
  const { store } = at.current;
  const send = async (delayMs: number, count: number) => {
    const sent = Array.from({ length: count }, () =>
      item({ envelope: envelope('{"to":"a"}'), delayMs }),
    );
    return (await store.send(QUEUE, sent, SETTINGS)).map(storedId);
  };
  const moving = only(await send(0, 1));
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  const waiting = await send(LATER_MS, 2);
  const move = outcome(claimed, "failMove", {
    ...{ delayMs: LATER_MS, reason: "TIMEOUT" as const, failure: bytes("f") },
    move: { target: "b", ifRefused: { delayMs: LATER_MS } },
  });
  await store.settle(QUEUE, new Uint8Array(), [move]);
  return { moving, waiting };
}

const retry = (over: { dryRun?: boolean; requestId?: string; edit?: boolean } = {}) => {
  const { store } = at.current;
  const { edit = false, requestId = "", dryRun = false } = over;
  return createRetry({
    settingsOf: () => ({ keyAttribute: "", redact: [] }),
    store,
    now: () => at.current.clock.nowMs,
    log: QUIET,
  })({
    ...{ requestId, queue: QUEUE, by: { filter: SCHEDULED, expectedCount: 3 }, dryRun },
    transforms: edit ? [mergePayload({ to: "b" })] : [],
  });
};

test.each([false, true])(
  "a moving message matches a filter and is refused with its id; edits: %s",
  async (edit) => {
    const { moving, waiting } = await seed();
    const [stats] = await at.current.store.stats([QUEUE]);
    expect(stats?.cells.map(({ count }) => count)).toEqual([3]);
    const expected = { retriedCount: 2, refused: [{ refusal: "IN_FLIGHT", id: moving }] };
    expect(await retry({ edit, dryRun: true, requestId: "r" })).toMatchObject(expected);
    expect(await retry({ edit, requestId: "r" })).toMatchObject(expected);
    const { claimed } = await at.current.tick(QUEUE, [session(2)]);
    expect(claimed.map(({ id }) => hex(id)).sort()).toEqual(waiting.map(hex).sort());
    const edits = claimed.map((one) => one.edits && readEdits(one.edits).payload?.body.value);
    expect(edits).toEqual(Array(2).fill(edit ? '{"to":"b"}' : undefined));
    // A repeated request gets the same answer, though the message is gone.
    expect(await retry({ edit, requestId: "r" })).toMatchObject(expected);
    await at.current.checkAllQueues();
  },
);

test("a retry by filter changes nothing if a message has left meanwhile", async () => {
  await seed();
  const { moves } = at.current.store;
  const messages = await moves.pending(QUEUE, { olderThanMs: 0 });
  await moves.receive(
    "b",
    QUEUE,
    messages.map((message) => ({ message, limiterKey: "", orderingKey: "" })),
    SETTINGS,
  );
  await moves.end(
    QUEUE,
    messages.map((message) => ({ message, received: true })),
  );
  await expect(retry()).rejects.toThrow("but 2 match");
});
