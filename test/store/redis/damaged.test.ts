// Redis takes nothing back when a script meets a key of the wrong type. So whichever key it is, a call then writes all or
// nothing: after the repair the data of the queue is sound, and each message is delivered once.

import { afterEach, expect, test } from "vitest";
import {
  type DeliverySettings,
  NO_DELIVERY_SETTINGS,
} from "../../../src/core/delivery-settings.ts";
import type { Claimed, SendItem } from "../../../src/store/contract.ts";
import { partitionBase, queueBase } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
import { useTestStore } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  text,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const MESSAGES = 6;

interface Kind {
  readonly item: (n: number) => Partial<SendItem>;
  readonly settings?: Partial<DeliverySettings>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  plain: { item: (n) => ({ ttlMs: 36_000_000 * (n % 2), requestId: "", sourceId: `s-${n}` }) },
  ordered: { item: (n) => ({ orderingKey: `o-${n % 3}` }), settings: { ordering: "hold" } },
  limited: {
    item: (n) => ({ limiterKey: `k-${n % 3}` }),
    settings: { keyMaxInFlight: 2, breaker: { ...BREAKER, scope: "key" } },
  },
  prioritized: { item: (n) => ({ priority: 3 * (n % 2), limiterKey: `k-${n % 2}` }) },
};

const send = async (queue: string, { item: itemOf }: Kind) => {
  const items = Array.from({ length: MESSAGES }, (_, n) => item(itemOf(n)));
  return (await at.current.store.send(queue, items, SETTINGS)).map(storedId);
};
const claim = async (queue: string, count = 100) =>
  (await at.current.tick(queue, [session(1, { count })])).claimed;
const settle = (queue: string, claims: readonly Claimed[], ...how: SettleArgs) =>
  at.current.store.settle(
    queue,
    NO_REQUEST,
    claims.map((one) => outcome(one, ...how)),
  );
type SettleArgs = Parameters<typeof outcome> extends [unknown, ...infer Rest] ? Rest : never;

interface Given {
  readonly queue: string;
  readonly kind: Kind;
  readonly ids: readonly Uint8Array[];
  /** Three of them. */
  readonly claimed: readonly Claimed[];
}

const endLeases = async () => {
  await at.current.clock.advance(60_000);
};

interface Call {
  /** What leads to it. */
  readonly before?: (given: Given) => Promise<unknown>;
  readonly call: (given: Given) => Promise<unknown>;
  /** It takes the claimed messages out of the queue. */
  readonly removes?: boolean;
}

const CALLS: Readonly<Record<string, Call>> = {
  "a send": { call: ({ queue, kind }) => send(queue, kind) },
  "a claim": { call: ({ queue }) => claim(queue, 2) },
  "the end of leases": { before: endLeases, call: ({ queue }) => at.current.tick(queue) },
  "a failure": { call: ({ queue, claimed }) => settle(queue, claimed, "failReschedule") },
  "a late failure": {
    async before({ queue }) {
      await endLeases();
      await at.current.tick(queue);
    },
    call: ({ queue, claimed }) => settle(queue, claimed, "failReschedule"),
  },
  "a release": { call: ({ queue, claimed }) => settle(queue, claimed, "release") },
  "a success": { removes: true, call: ({ queue, claimed }) => settle(queue, claimed, "succeed") },
  "the start of a move": {
    removes: true,
    call: ({ queue, claimed }) => {
      const move = { target: "elsewhere", ifRefused: { delayMs: 1_000 } };
      return settle(queue, claimed, "failMove", { move });
    },
  },
  "a quarantine": { call: ({ queue, claimed }) => settle(queue, claimed, "quarantine") },
  "a retry from quarantine": {
    before: ({ queue, claimed }) => settle(queue, claimed, "quarantine"),
    call: ({ queue, claimed }) =>
      at.current.store.messages.retry(queue, NO_REQUEST, toRetry(claimed.map(({ id }) => id))),
  },
  "a retry of all": {
    call: ({ queue, ids }) => at.current.store.messages.retry(queue, NO_REQUEST, toRetry(ids)),
  },
};

/** The keys of a queue, without its base, and those of its partition. */
async function suffixesOf(queue: string): Promise<string[]> {
  const base = queueBase(at.current.prefix, queue);
  const all = (await at.current.redis.callBuffer("KEYS", "*")) as Buffer[];
  const names = all.map((key) => key.toString("latin1"));
  const own = names
    .filter((key) => key.startsWith(`${base}:`))
    .map((key) => key.slice(base.length));
  return [...new Set([...own, ":due", ":isolated", ":laned", ":lanes", ":quarantine"])];
}

/** Runs a call while a key has the wrong type. Calls may do without it. */
async function whileDamaged(key: Buffer, call: () => Promise<unknown>): Promise<void> {
  const { redis } = at.current;
  const had = (await redis.exists(key)) === 1;
  const isText = had && (await redis.type(key)) === "string";
  if (had) await redis.rename(key, "aside");
  if (isText) await redis.lpush(key, "of the wrong type");
  else await redis.set(key, "of the wrong type");
  await call().catch(() => {});
  await redis.del(key);
  if (had) await redis.rename("aside", key);
}

/** Delivers all that is left. Returns the ids, each as often as it came, and the contents. */
async function drain(queue: string): Promise<{ delivered: string[]; contents: Set<string> }> {
  const { store, clock, redis } = at.current;
  const inQuarantine = await redis.zrangeBuffer(at.current.key(queue, ":quarantine"), "0", "-1");
  await store.messages.retry(queue, NO_REQUEST, toRetry(inQuarantine));
  const delivered: string[] = [];
  const contents = new Set<string>();
  for (let round = 0; round < 12; round++) {
    await clock.advance(60_000);
    const claims = await claim(queue);
    for (const one of claims) {
      delivered.push(hex(one.id));
      contents.add(String(text(one.envelope)));
    }
    await settle(queue, claims, "succeed");
  }
  return { delivered: delivered.toSorted(), contents };
}

async function remove(queue: string): Promise<void> {
  const keys = await at.current.redis.keys(`${queueBase(at.current.prefix, queue)}:*`);
  if (keys.length > 0) await at.current.redis.del(...keys);
}

afterEach(async () => {
  await at.current.redis.del("aside");
});

const ROWS = Object.keys(KINDS).flatMap((kind) => Object.keys(CALLS).map((call) => [kind, call]));

test.each(ROWS)("%s messages: %s writes all or nothing", async (kindName, callName) => {
  const kind = KINDS[kindName] as Kind;
  const { before, call, removes = false } = CALLS[callName] as Call;
  at.current.deliverySettings = { ...NO_DELIVERY_SETTINGS, ...kind.settings };
  const given = async (queue: string): Promise<Given> => {
    const ids = await send(queue, kind);
    const one = { queue, kind, ids, claimed: await claim(queue, 3) };
    await before?.(one);
    return one;
  };
  const model = await given("model");
  await call(model);
  const suffixes = await suffixesOf("model");
  expect(suffixes.length).toBeGreaterThan(8);
  for (const [n, suffix] of suffixes.entries()) {
    const queue = `q-${n}`;
    const one = await given(queue);
    const key = Buffer.from(queueBase(at.current.prefix, queue) + suffix, "latin1");
    await whileDamaged(key, () => call(one));
    await at.current.checkInvariants(queue);
    const { delivered, contents } = await drain(queue);
    const left = one.ids
      .map(hex)
      .filter((id) => !removes || !one.claimed.some((c) => hex(c.id) === id));
    const known = new Set(left);
    expect(new Set(delivered).size, suffix).toBe(delivered.length);
    expect(
      delivered.filter((id) => known.has(id)),
      suffix,
    ).toEqual([...known].toSorted());
    expect([...contents], suffix).toEqual(["envelope"]);
    await remove(queue);
  }
  await remove("model");
});

test.each(["/ready", "/isolated", "/tend", "/outbox", "/meta", "/queues"] as const)(
  "a send writes all or nothing if %s of the partition is damaged",
  async (suffix) => {
    const key = Buffer.from(partitionBase(at.current.prefix, partitionOf("orders")) + suffix);
    await whileDamaged(key, () => send("orders", KINDS.plain as Kind));
    await at.current.checkInvariants("orders");
    await remove("orders");
  },
);
