import { expect, test } from "vitest";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS, storedId, toRetry } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const send = async (sourceId: string, settings = SETTINGS) =>
  only(await at.current.store.send(QUEUE, [item({ sourceId })], settings));

test("the fifth send of a source within its window is quarantined, and so are later ones", async () => {
  const states: string[] = [];
  for (let n = 0; n < 6; n++) {
    const reply = await send("s");
    states.push(reply.status === "stored" ? reply.state : reply.status);
  }
  expect(states).toEqual([
    ...Array.from({ length: 4 }, () => "SCHEDULED"),
    "QUARANTINED",
    "QUARANTINED",
  ]);
  expect(await send("other")).toMatchObject({ state: "SCHEDULED" });
});

test("sends without a source are never poison", async () => {
  const items = Array.from({ length: 10 }, () => item());
  const replies = await at.current.store.send(QUEUE, items, SETTINGS);
  expect(replies.every((r) => r.status === "stored" && r.state === "SCHEDULED")).toBe(true);
});

test("a threshold of 0 turns poison detection off", async () => {
  for (let n = 0; n < 8; n++) {
    expect(await send("s", { ...SETTINGS, poisonThreshold: 0 })).toMatchObject({
      state: "SCHEDULED",
    });
  }
});

test("the count begins again after the window", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2, poisonWindowMs: 60_000 };
  await send("s", settings);
  await at.current.clock.advance(50_000);
  expect(await send("s", settings)).toMatchObject({ quarantineReason: "POISON" });
  await at.current.clock.advance(10_000);
  expect(await send("s", settings)).toMatchObject({ state: "SCHEDULED" });
});

test("sends of one call count one after another", async () => {
  const items = Array.from({ length: 3 }, () => item({ sourceId: "s" }));
  const replies = await at.current.store.send(QUEUE, items, { ...SETTINGS, poisonThreshold: 3 });
  expect(replies.map((one) => one.status === "stored" && one.state)).toEqual([
    "SCHEDULED",
    "SCHEDULED",
    "QUARANTINED",
  ]);
});

test("sources without sends for two windows are dropped", async () => {
  const { redis, clock, prefix } = at.current;
  const settings = { ...SETTINGS, poisonWindowMs: 60_000 };
  for (let n = 0; n < 20; n++) await send(`s${n}`, settings);
  const keys = () => redis.keys(`${queueBase(prefix, QUEUE)}:sources:*`);
  expect((await keys()).length).toBeGreaterThan(1);
  await clock.advance(120_000);
  expect(await keys()).toEqual([]);
});

test("a hash of sources that is always in use drops sources whose window is over", async () => {
  const { redis, clock, prefix } = at.current;
  const settings = { ...SETTINGS, poisonWindowMs: 60_000 };
  // All in one hash, as with very many sources: chosen by hand, since digests spread them.
  const old = Buffer.alloc(8);
  old.writeUInt16BE(1);
  old.writeUIntBE(clock.nowMs - 60_000, 2, 6);
  const stale = () =>
    redis.keys(`${queueBase(prefix, QUEUE)}:sources:*`).then(async (keys) => {
      let found = 0;
      for (const key of keys) {
        const entries = await redis.hgetall(key);
        found += Object.keys(entries).filter((name) => name.startsWith("old")).length;
      }
      return found;
    });
  await send("first", settings);
  const [key = ""] = await redis.keys(`${queueBase(prefix, QUEUE)}:sources:*`);
  for (let n = 0; n < 30; n++) await redis.hset(key, `old${n}`, old);
  expect(await stale()).toBe(30);
  for (let n = 0; n < 16; n++) {
    await redis.hdel(key, "first");
    await forget(key);
    await send("first", settings);
    await clock.advance(1);
  }
  expect(await stale()).toBe(0);
});

/** Removes the source of the last send from its hash. */
async function forget(key: string): Promise<void> {
  const { redis } = at.current;
  for (const field of (await redis.hkeysBuffer(key)) as Buffer[]) {
    if (!String(field).startsWith("old")) await redis.hdel(key, field);
  }
}

test("our own retries never count", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  const id = storedId(await send("s", settings));
  for (let n = 0; n < 3; n++)
    await at.current.store.messages.retry(QUEUE, new Uint8Array(), toRetry([id]));
  const { messages } = await at.current.dump(QUEUE);
  expect(only([...messages.values()])).toMatchObject({ state: "SCHEDULED", poisoned: false });
});

test("a retry from quarantine resets the count", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  await send("s", settings);
  const poison = storedId(await send("s", settings));
  await at.current.store.messages.retry(QUEUE, new Uint8Array(), toRetry([poison]));
  expect(await send("s", settings)).toMatchObject({ state: "SCHEDULED" });
});

test("refused sends do not count", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2, maxMessages: 1 };
  await send("s", settings);
  expect((await send("s", settings)).status).toBe("full");
  expect((await send("t", settings)).status).toBe("full");
  expect(await send("t", { ...settings, maxMessages: 0 })).toMatchObject({ state: "SCHEDULED" });
});

test("a quarantine reason of the sender takes precedence over poison", async () => {
  const reply = only(
    await at.current.store.send(
      QUEUE,
      [item({ sourceId: "s", quarantineReason: "PRODUCER_REQUEST" })],
      { ...SETTINGS, poisonThreshold: 1 },
    ),
  );
  expect(reply).toMatchObject({ quarantineReason: "PRODUCER_REQUEST" });
});
