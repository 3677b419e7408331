// Entries of indexes whose message does not exist. A Redis without the repair of operate.md leaves them when it is killed twice.

import { expect, test } from "vitest";
import type { SendItem } from "../../../../src/store/contract.ts";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { useTestStore } from "../../../support/store.ts";

const at = useTestStore();
const QUEUE = "orders";
const { useSettings, send, claim, claimNames, settle } = keyQueueSteps(at, QUEUE);

/** Adds an entry without a message to every index that has the only message, but `expiry`. */
async function addLoneEntries(): Promise<void> {
  const { redis } = at.current;
  let indexes = 0;
  for (const key of await redis.keysBuffer(at.current.key(QUEUE, ":*"))) {
    if ((await redis.type(key)) !== "zset") continue;
    const ids = (await redis.zrangeBuffer(key, "0", "-1")).filter(({ length }) => length === 16);
    for (const id of ids) {
      const lone = Buffer.from(id);
      lone.writeUInt8(lone.readUInt8(15) ^ 0xff, 15);
      await redis.zadd(key, 1, lone);
      indexes++;
    }
  }
  expect(indexes).toBeGreaterThan(1);
}

async function namesOfTicks(): Promise<unknown[]> {
  const names: unknown[] = [];
  for (let tick = 0; tick < 3; tick++) names.push(...(await claimNames({ count: 1 })));
  return names;
}

test.each<[string, Partial<SendItem>]>([
  ["a key queue", { limiterKey: "h1" }],
  ["a key queue of another priority", { limiterKey: "h1", priority: -5 }],
  ["the index of another priority", { priority: 5 }],
])("in %s are removed, counted once, and stop no other message", async (_, over) => {
  useSettings({ keyAttribute: "host" });
  await send({ name: "a", ...over });
  await addLoneEntries();
  expect(await namesOfTicks()).toEqual(["a"]);
  const { counters } = await at.current.dump(QUEUE);
  expect(counters).toMatchObject({ healed: 1 });
});

test("do not use up the probes of a half-open breaker", async () => {
  useSettings({
    keyAttribute: "host",
    breaker: {
      ...{ scope: "key", windowMs: 10_000, minimumVolume: 1, failureRatio: 0.5 },
      ...{
        consecutiveFailures: 0,
        openMs: 1_000,
        maxOpenMs: 1_000,
        probes: 1,
        probeLeaseMs: 3_000,
      },
      reasons: ["TIMEOUT"],
    },
  });
  await send({ name: "a", limiterKey: "h1" });
  await settle(await claim(), "failReschedule", { delayMs: 0, countsForBreaker: true });
  await addLoneEntries();
  await at.current.clock.advance(1_000);
  expect(await namesOfTicks()).toEqual(["a"]);
});
