import { expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import { bytes, hex, item, only, SETTINGS, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

test("a message is scheduled after its delay, and its whole state says so", async () => {
  const { store } = at.current;
  const reply = only(
    await store.send(QUEUE, [item({ delayMs: 30_000, ttlMs: 86_400_000 })], SETTINGS),
  );
  const id = storedId(reply);
  expect(reply).toEqual({
    status: "stored",
    joined: false,
    repeated: false,
    id,
    state: "SCHEDULED",
    reason: "TIMEOUT",
    quarantineReason: undefined,
    dueAtMs: START_MS + 30_000,
  });
  const dump = await at.current.dump(QUEUE);
  expect([...dump.messages.values()]).toMatchObject([
    {
      state: "SCHEDULED",
      isolated: false,
      moving: false,
      waiting: false,
      budgeted: false,
      probe: false,
      priority: 0,
      limiterKey: "",
      orderingKey: "",
      roundAtMs: 0,
      lastDelayMs: 0,
      hops: 0,
      rejoined: false,
      poisoned: false,
      hasHistory: false,
      reason: "TIMEOUT",
      quarantineReason: undefined,
      version: 1,
      attempts: 0,
      expiries: 0,
      releases: 0,
      unknown: 0,
      failures: 1,
      deliveryNumber: 0,
      bytes: 8,
      dueAtMs: START_MS + 30_000,
      expireAtMs: START_MS + 86_400_000,
      ttlSeconds: 86_400,
      sinceMs: START_MS,
      leaseMs: 0,
      nonce: "",
      session: "",
      arrival: 1,
      chunk: "0",
      envelope: "envelope",
      history: [],
    },
  ]);
  expect(dump.indexes.due).toEqual(new Map([[hex(id), START_MS + 30_000]]));
  expect(dump.counters).toEqual({ accepted: 1, messages: 1, bytes: 8, "c:1:3:0": 1 });
  expect(dump.changes.map((record) => record.kind)).toEqual(["sent"]);
  expect(await store.queues()).toEqual([QUEUE]);
});

test.each([
  ["a due time ahead", { dueAtMs: START_MS + 500, delayMs: 9 }, START_MS + 500],
  ["a due time in the past, as now", { dueAtMs: START_MS - 500, delayMs: 9 }, START_MS],
  ["no delay", {}, START_MS],
  ["the longest delay", { delayMs: 365 * 86_400_000 }, START_MS + 365 * 86_400_000],
])("%s decides when it is due", async (_, over, dueAtMs) => {
  const reply = only(await at.current.store.send(QUEUE, [item(over)], SETTINGS));
  expect(reply).toMatchObject({ state: "SCHEDULED", dueAtMs });
});

test("a quarantine reason of the sender puts the message into quarantine", async () => {
  const { store } = at.current;
  const reply = only(
    await store.send(QUEUE, [item({ quarantineReason: "PRODUCER_REQUEST" })], SETTINGS),
  );
  expect(reply).toMatchObject({ state: "QUARANTINED", quarantineReason: "PRODUCER_REQUEST" });
  const dump = await at.current.dump(QUEUE);
  expect(dump.indexes.quarantine.get(hex(storedId(reply)))).toBe(START_MS);
  expect(dump.changes.map((record) => record.kind)).toEqual(["sent"]);
});

test("ids are UUIDv7 and sort by arrival, within one millisecond and across", async () => {
  const { store, clock } = at.current;
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const replies = await store.send(
      QUEUE,
      Array.from({ length: 100 }, () => item()),
      SETTINGS,
    );
    ids.push(...replies.map((reply) => formatMessageId(storedId(reply))));
    await clock.advance(1);
  }
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(300);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
  expect(Number.parseInt((ids[0] as string).replace("-", "").slice(0, 12), 16)).toBe(START_MS);
});

test.each([127, 2 ** 22 - 1, 2 ** 28 - 1, 2 ** 33 + 5])(
  "arrival %d and the next one find their chunks and sort",
  async (sequence) => {
    const { store, redis } = at.current;
    await redis.set(at.current.key(QUEUE, ":sequence"), sequence - 1);
    const replies = await store.send(QUEUE, [item(), item()], SETTINGS);
    const [first, second] = replies.map((reply) => hex(storedId(reply))) as [string, string];
    expect(first < second).toBe(true);
    const { messages } = await at.current.dump(QUEUE);
    expect(messages.get(first)?.arrival).toBe(sequence);
    expect(messages.get(second)?.arrival).toBe(sequence + 1);
  },
);

test("limits of messages and bytes refuse one by one and write nothing", async () => {
  const { store } = at.current;
  const big = item({ envelope: bytes("x".repeat(60)) });
  const small = item({ envelope: bytes("x".repeat(10)) });
  const settings = { ...SETTINGS, maxMessages: 3, maxBytes: 100 };
  const replies = await store.send(QUEUE, [big, big, small, small, small], settings);
  expect(replies.map((reply) => (reply.status === "full" ? reply.what : "stored"))).toEqual([
    "stored",
    "bytes",
    "stored",
    "stored",
    "messages",
  ]);
  const dump = await at.current.dump(QUEUE);
  expect(dump.counters).toMatchObject({ accepted: 3, messages: 3, bytes: 80 });
  expect(dump.changes).toHaveLength(3);
});

test("a refused request is not remembered: it succeeds once there is room", async () => {
  const { store } = at.current;
  const one = { ...SETTINGS, maxMessages: 1 };
  await store.send(QUEUE, [item()], one);
  const again = item({ requestId: "r" });
  expect(only(await store.send(QUEUE, [again], one)).status).toBe("full");
  expect(only(await store.send(QUEUE, [again], SETTINGS)).status).toBe("stored");
});

test("a repeated request gets its first answer and changes nothing", async () => {
  const { store, clock } = at.current;
  const request = item({ requestId: "r", delayMs: 5_000 });
  const [first, twin] = await store.send(QUEUE, [request, request], SETTINGS);
  expect(first).toMatchObject({ repeated: false });
  const again = { ...first, repeated: true };
  expect(twin).toEqual(again);
  const before = await at.current.dump(QUEUE);
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000);
    expect(only(await store.send(QUEUE, [request], SETTINGS))).toEqual(again);
  }
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a request is new again once its answer is forgotten", async () => {
  const { store, clock } = at.current;
  const first = only(await store.send(QUEUE, [item({ requestId: "r" })], SETTINGS));
  await clock.advance(20 * 60_000);
  const second = only(await store.send(QUEUE, [item({ requestId: "r" })], SETTINGS));
  expect(storedId(second)).not.toEqual(storedId(first));
  expect((await at.current.dump(QUEUE)).counters.accepted).toBe(2);
});

test("a batch larger than one script is stored whole and in order", async () => {
  const { store } = at.current;
  const items = Array.from({ length: 501 }, (_, n) => item({ envelope: bytes(`body ${n}`) }));
  const replies = await store.send(QUEUE, items, SETTINGS);
  const { messages } = await at.current.dump(QUEUE);
  expect(replies.map((reply) => messages.get(hex(storedId(reply)))?.envelope)).toEqual(
    items.map((_, n) => `body ${n}`),
  );
});

test("binary envelopes and retry settings are returned unchanged", async () => {
  const { store } = at.current;
  const all = Uint8Array.from({ length: 256 }, (_, n) => n);
  await store.send(QUEUE, [item({ envelope: all, retrySettings: all })], SETTINGS);
  const dump = await at.current.dump(QUEUE);
  expect([...dump.messages.values()][0]?.bytes).toBe(256);
});
