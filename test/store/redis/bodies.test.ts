import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Store } from "../../../src/store/contract.ts";
import { until, useTestStore } from "../../support/store.ts";
import { bytes, hex, item, only, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
/** JSON with repeated names, as services send it. */
const rows = (count: number) =>
  bytes(JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, name: "order" }))));
const json = rows(60);
/** Begins as every envelope does: with the tag of a field. */
const message = (random: Buffer) => Uint8Array.from([0x0a, ...random]);

/** The stored body of the only message. */
async function stored(): Promise<Buffer> {
  const [key = ""] = await at.current.redis.keys(at.current.key(QUEUE, ":bodies:*"));
  return only(Object.values(await at.current.redis.hgetallBuffer(key)));
}

async function opened(compressMinBytes: number) {
  const store = at.current.openStore({ compressMinBytes });
  await until("the store's connection", () => store.ready || undefined);
  return store;
}

let claimNumber = 0;
const claim = async (store: Store) => {
  const request = { claimNumber: ++claimNumber, sessions: [session(1)], settings: SETTLED };
  return (await store.tick(QUEUE, request)).claimed;
};
const SETTLED = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;

const LZ4 = "01";
const ZSTD = "02";

test.each([
  ["512 bytes", 25, LZ4],
  ["30 KiB", 1_250, LZ4],
  ["40 KiB", 1_600, ZSTD],
  ["2 MiB", 75_000, ZSTD],
])("an envelope of %s is stored in less, and delivered as it was sent", async (_, count, mark) => {
  const envelope = rows(count);
  const store = await opened(512);
  await store.send(QUEUE, [item({ envelope })], SETTINGS);
  expect((await stored()).length).toBeLessThan(envelope.length / 2.5);
  expect(hex((await stored()).subarray(0, mark.length / 2))).toBe(mark);
  expect(Buffer.compare(only(await claim(store)).envelope, envelope)).toBe(0);
});

test.each([
  ["small", bytes("x".repeat(511))],
  ["that does not compress", message(randomBytes(4_096))],
  ["large and does not compress", message(randomBytes(100_000))],
  ["large, of random digits", bytes(randomBytes(40_000).toString("base64"))],
])("an envelope that is %s is stored as it is", async (_, envelope) => {
  const store = await opened(512);
  await store.send(QUEUE, [item({ envelope })], SETTINGS);
  expect(hex(await stored())).toBe(hex(envelope));
  expect(hex(only(await claim(store)).envelope)).toBe(hex(envelope));
});

test("an envelope that is large by its failure alone is stored as it is", async () => {
  const store = await opened(512);
  await store.send(QUEUE, [item({ envelope: json, payloadBytes: 511 })], SETTINGS);
  expect(hex(await stored())).toBe(hex(json));
});

test("limits and credits count the bytes that a worker gets", async () => {
  const limits = { ...SETTINGS, maxBytes: json.length * 2 - 1 };
  const store = await opened(512);
  await store.send(QUEUE, [item({ envelope: json })], limits);
  expect(only(await store.send(QUEUE, [item({ envelope: json })], limits))).toEqual({
    status: "full",
    what: "bytes",
  });
  expect(only(await claim(store))).toMatchObject({ bytes: json.length });
});

test("bodies that earlier versions compressed are read", async () => {
  const store = await opened(512);
  await store.send(QUEUE, [item({ envelope: json })], SETTINGS);
  const { redis } = at.current;
  const [key = ""] = await redis.keys(at.current.key(QUEUE, ":bodies:*"));
  const [id = Buffer.alloc(0)] = (await redis.callBuffer("HKEYS", key)) as Buffer[];
  await redis.hset(key, id, zstdCompressSync(json));
  expect(hex(only(await claim(store)).envelope)).toBe(hex(json));
});

test("bodies that were stored under other settings are read", async () => {
  const [off, on] = [await opened(0), await opened(512)];
  for (const store of [off, on]) await store.send(QUEUE, [item({ envelope: json })], SETTINGS);
  const claimed = await claim(off);
  expect(claimed.map(({ envelope }) => hex(envelope))).toEqual([hex(json), hex(json)]);
});
