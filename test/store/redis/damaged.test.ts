// A key of the wrong type stops a script in the middle of its writes, which Redis does not take back. Whatever key it is:
// after the repair each message is still there.

import { expect, test } from "vitest";
import type { Claimed } from "../../../src/store/contract.ts";
import { QUEUE_KEYS, queueBase } from "../../../src/store/redis/keys.ts";
import { useTestStore } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const MESSAGES = 6;

/** The keys of a queue. */
async function keysOf(queue: string): Promise<Buffer[]> {
  const base = Buffer.from(`${queueBase(at.current.prefix, queue)}:`);
  const all = (await at.current.redis.callBuffer("KEYS", "*")) as Buffer[];
  return all.filter((key) => key.subarray(0, base.length).equals(base));
}

/** Calls fail while a key is damaged, or do without it. */
async function whileDamaged(key: Buffer, call: () => Promise<unknown>): Promise<void> {
  const { redis } = at.current;
  const had = (await redis.exists(key)) === 1;
  if (had) await redis.rename(key, "aside");
  if (key.toString("latin1").endsWith(":sequence")) await redis.lpush(key, "no number");
  else await redis.set(key, "of the wrong type");
  await call().catch(() => {});
  await redis.del(key);
  if (had) await redis.rename("aside", key);
}

async function fill(queue: string): Promise<Set<string>> {
  const items = Array.from({ length: MESSAGES }, (_, n) => item({ ttlMs: 3_600_000 * (n % 2) }));
  const replies = await at.current.store.send(queue, items, SETTINGS);
  return new Set(replies.map((reply) => hex(storedId(reply))));
}

const claim = async (queue: string, count = 100) =>
  (await at.current.tick(queue, [session(1, { count })])).claimed;

/** Delivers what is left, with what is in quarantine, by ticks that also end leases. */
async function drain(queue: string): Promise<Set<string>> {
  const found = new Set<string>();
  const { store, clock, redis } = at.current;
  const inQuarantine = await redis.zrangeBuffer(
    at.current.key(queue, QUEUE_KEYS.quarantine),
    "0",
    "-1",
  );
  await store.messages.retry(queue, NO_REQUEST, toRetry(inQuarantine));
  for (let round = 0; round < 8; round++) {
    await clock.advance(60_000);
    for (const one of await claim(queue)) {
      found.add(hex(one.id));
      await store.settle(queue, NO_REQUEST, [outcome(one, "succeed")]);
    }
  }
  return found;
}

/** Calls that change messages. */
const CALLS: Record<string, (queue: string, claimed: readonly Claimed[]) => Promise<unknown>> = {
  send: (queue) => fill(queue),
  claim: (queue) => claim(queue, 2),
  expire: async (queue) => {
    await at.current.clock.advance(60_000);
    await at.current.tick(queue);
  },
  fail: (queue, claimed) =>
    at.current.store.settle(
      queue,
      NO_REQUEST,
      claimed.map((one) => outcome(one, "failReschedule")),
    ),
  quarantine: (queue, claimed) =>
    at.current.store.settle(
      queue,
      NO_REQUEST,
      claimed.map((one) => outcome(one, "quarantine")),
    ),
};

test.each(Object.keys(CALLS))("no message is lost when %s is cut off", async (name) => {
  const call = CALLS[name];
  await fill("keys");
  await claim("keys", 3);
  const suffixes = (await keysOf("keys")).map((key) =>
    key.subarray(queueBase(at.current.prefix, "keys").length),
  );
  expect(suffixes.length).toBeGreaterThan(8);
  const lost: string[] = [];
  for (const [n, suffix] of suffixes.entries()) {
    const queue = `q-${n}`;
    const sent = await fill(queue);
    const claimed = await claim(queue, 3);
    const key = Buffer.concat([Buffer.from(queueBase(at.current.prefix, queue)), suffix]);
    await whileDamaged(key, async () => call?.(queue, claimed));
    const found = await drain(queue);
    for (const id of sent) if (!found.has(id)) lost.push(`${id} with ${suffix.toString("latin1")}`);
    const left = await keysOf(queue);
    await at.current.redis.del(...left);
  }
  expect(lost).toEqual([]);
  await at.current.redis.del(...(await keysOf("keys")));
});
