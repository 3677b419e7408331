import { expect, test } from "vitest";
import type { MessageFilter } from "../../../src/core/message.ts";
import { Bodies } from "../../../src/store/redis/bodies.ts";
import { Connection } from "../../../src/store/redis/connection.ts";
import { createScriptRunner, type RunScript } from "../../../src/store/redis/script-runner.ts";
import { runRetryMatching } from "../../../src/store/redis/verbs/retry.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, NO_REQUEST, SETTINGS, storedId, toRetry } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const QUARANTINE: MessageFilter = { states: [], reasons: [], quarantineReasons: [] };

/** Retries all of quarantine, and calls the test between the steps of the walk. */
async function retryAll(expected: number, between: (step: number) => Promise<void>) {
  const connection = new Connection({
    target: { kind: "socket", path: at.current.server.socketPath },
    timeoutMs: 2_000,
    clock: "key",
  });
  await until("the connection", () => connection.ready || undefined);
  let step = 0;
  const { prefix } = at.current;
  const direct = createScriptRunner({
    connection,
    prefix,
    enter: () => undefined,
    timeoutMs: 2_000,
  });
  const run: RunScript = async (name, ...args) => {
    if (name === "find") await between(step++);
    return direct(name, ...args);
  };
  try {
    const deliverySettingsOf = () => new Uint8Array();
    const context = {
      ...{ run, deliverySettingsOf, outboxMaxBytes: 1_000_000, bodies: new Bodies(0) },
      historyChangedAtMs: () => 0,
    };
    const prepare = async (ids: readonly Uint8Array[]) => toRetry(ids);
    const selection = { filter: QUARANTINE, expectedCount: expected };
    const how = { prepare, signal: undefined, caller: undefined };
    return await runRetryMatching(context, QUEUE, NO_REQUEST, selection, how);
  } finally {
    await connection.close();
  }
}

const seed = async (count: number) =>
  (
    await at.current.store.send(
      QUEUE,
      Array.from({ length: count }, () => item({ quarantineReason: "POISON" })),
      SETTINGS,
    )
  ).map(storedId);

test("a message that appears behind the walk changes nothing and is reported", async () => {
  await seed(600);
  let before: unknown;
  const outcome = await retryAll(600, async (step) => {
    if (step !== 1) return;
    await seed(1);
    before = await at.current.dump(QUEUE);
  });
  expect(outcome).toEqual({ mismatch: 601 });
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("when one message leaves and another comes, no message is retried twice", async () => {
  const ids = await seed(600);
  let before: Awaited<ReturnType<typeof at.current.dump>> | undefined;
  const outcome = await retryAll(600, async (step) => {
    if (step !== 1) return;
    // The walk has seen 500. One comes in front of them, so the walk meets the last of them again; and the
    // last of all leaves: there are still 600.
    await at.current.clock.set(at.current.clock.nowMs - 1_000);
    await seed(1);
    await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([ids[599] as Uint8Array]));
    before = await at.current.dump(QUEUE);
  });
  expect(outcome).toBe("moved");
  expect(await at.current.dump(QUEUE)).toEqual(before);
  expect(before?.indexes.quarantine.size).toBe(600);
});

test("a mismatch is reported without a walk", async () => {
  await seed(600);
  let steps = 0;
  const outcome = await retryAll(3, async () => {
    steps++;
  });
  expect(outcome).toEqual({ mismatch: 600 });
  expect(steps).toBe(0);
});
