import { expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { Claimed, SendItem, SessionRecord, StoredEvent } from "../../../src/store/contract.ts";
import { CONSTANTS } from "../../../src/store/redis/packed/constants.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const LEASE_MS = 30_000;
const WORKER = { workerId: "billing-1", server: "node-1" };
const GROUP = { digest: new Uint8Array(16).fill(7), describe: () => bytes("why") };

const send = async (over: Partial<SendItem> = {}) =>
  storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
const claim = async (queue = QUEUE) => only((await at.current.tick(queue, [session(1)])).claimed);
const settle = (
  claimed: Claimed,
  ...how: Parameters<typeof outcome> extends [unknown, ...infer R] ? R : never
) => at.current.store.settle(claimed.queue, NO_REQUEST, [outcome(claimed, ...how)]);
const eventsOf = async (id: Uint8Array, queue = QUEUE): Promise<readonly StoredEvent[]> => {
  const details = only(await at.current.store.messageReads.details(queue, [id]));
  if (details === undefined) throw new Error("there is no such message");
  return details.events;
};
const retry = (id: Uint8Array, caller?: string) =>
  at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]), caller);

async function openStream(): Promise<SessionRecord> {
  const stream = {
    ...{ sessionId: formatMessageId(sessionId(1)), workerId: WORKER.workerId },
    ...{ queues: [QUEUE], maxInFlight: 1 },
  };
  await at.current.store.signOfLife();
  await at.current.store.registerSession(stream);
  return stream;
}

async function loseLease(): Promise<void> {
  await claim();
  await at.current.clock.advance(LEASE_MS);
  await at.current.tick(QUEUE);
}

/** Sends, fails, and takes the message into queue `there`, or has it refused. */
async function move(id: Uint8Array, received = true): Promise<void> {
  const { moves } = at.current.store;
  const ifRefused = { delayMs: 0 };
  await settle(await claim(), "failMove", {
    ...{ failure: bytes("no"), reason: "NETWORK_ERROR" },
    move: { target: "there", ifRefused },
  });
  const messages = await moves.pending(QUEUE, [id]);
  if (received) {
    const plain = messages.map((message) => ({ message, limiterKey: "", orderingKey: "" }));
    await moves.receive("there", QUEUE, plain, SETTINGS);
  }
  await moves.end(
    QUEUE,
    messages.map((message) => ({ message, received })),
  );
}

test("a lost lease: its worker, when it began and when it ended", async () => {
  const id = await send();
  await openStream();
  await loseLease();
  expect(await eventsOf(id)).toEqual([
    {
      ...{ kind: "LEASE_LOST", ...WORKER, delivery: 1, quarantineReason: undefined },
      ...{ startedAtMs: START_MS, atMs: START_MS + LEASE_MS },
      ...{ caller: undefined, queue: undefined, note: "" },
    },
  ]);
});

test("the lease of a stream that is unknown is lost, too", async () => {
  const id = await send();
  await loseLease();
  expect(await eventsOf(id)).toMatchObject([{ kind: "LEASE_LOST", workerId: undefined }]);
});

test("a lost lease names its worker, also if its stream ended before", async () => {
  const id = await send();
  const stream = await openStream();
  await claim();
  await at.current.store.unregisterSession(stream, true);
  await at.current.clock.advance(LEASE_MS);
  await at.current.tick(QUEUE);
  expect(await eventsOf(id)).toMatchObject([{ kind: "LEASE_LOST", ...WORKER }]);
});

test("the lost lease that quarantines a message says so", async () => {
  const id = await send();
  for (let n = 0; n < 5; n++) await loseLease();
  const reasons = (await eventsOf(id)).map(({ quarantineReason }) => quarantineReason);
  expect(reasons).toEqual([...Array(4).fill(undefined), "CRASH_LOOP"]);
});

test("a lease that somebody broke: who, and of which worker", async () => {
  const id = await send();
  await openStream();
  await claim();
  await at.current.clock.advance(2_000);
  await at.current.store.breakLease(QUEUE, { id }, { note: "", caller: "ann" });
  expect(await eventsOf(id)).toMatchObject([
    {
      ...{ kind: "LEASE_BROKEN", ...WORKER, caller: "ann", delivery: 1 },
      ...{ startedAtMs: START_MS, atMs: START_MS + 2_000 },
    },
  ]);
});

test("a manual retry: who, when, and which quarantine the message left since when", async () => {
  const id = await send({ quarantineReason: "POISON" });
  await at.current.clock.advance(9_000);
  await retry(id, "ann");
  await retry(id);
  expect(await eventsOf(id)).toMatchObject([
    {
      ...{ kind: "RETRIED", caller: "ann", quarantineReason: "POISON" },
      ...{ startedAtMs: START_MS, atMs: START_MS + 9_000 },
    },
    { kind: "RETRIED", caller: undefined, quarantineReason: undefined, startedAtMs: undefined },
  ]);
});

test("a retry by a filter names its caller, cut to 255 bytes", async () => {
  const id = await send({ quarantineReason: "POISON" });
  const filter = { states: [], reasons: [], quarantineReasons: [] };
  const selection = { filter, expectedCount: 1 };
  const { messages } = at.current.store;
  await messages.retryMatching(QUEUE, NO_REQUEST, selection, undefined, undefined, "é".repeat(200));
  expect(await eventsOf(id)).toMatchObject([{ kind: "RETRIED", caller: "é".repeat(127) }]);
});

test("a message that its worker quarantined has the worker's note", async () => {
  const id = await send();
  await openStream();
  const claimed = await claim();
  await at.current.clock.advance(1_000);
  await settle(claimed, "quarantine", { note: "no such account" });
  expect(await eventsOf(id)).toMatchObject([
    {
      ...{ kind: "QUARANTINED", ...WORKER, quarantineReason: "WORKER_REQUEST", delivery: 1 },
      ...{ note: "no such account", startedAtMs: START_MS, atMs: START_MS + 1_000 },
    },
  ]);
});

test("a move says from where, and takes the earlier events along", async () => {
  const id = await send();
  await retry(id, "ann");
  await move(id);
  expect(await eventsOf(id, "there")).toMatchObject([
    { kind: "RETRIED", caller: "ann", queue: undefined },
    { kind: "MOVED", queue: QUEUE, caller: undefined, delivery: 1 },
  ]);
  const { timelines } = await at.current.dump(QUEUE);
  expect(timelines).toEqual([]);
});

test("a move that was refused says by which queue", async () => {
  const id = await send();
  await move(id, false);
  expect(await eventsOf(id)).toMatchObject([{ kind: "MOVE_REFUSED", queue: "there" }]);
});

test("the last 16 events are kept", async () => {
  const id = await send();
  for (let n = 0; n < 18; n++) await retry(id, `caller-${n}`);
  const callers = (await eventsOf(id)).map(({ caller }) => caller);
  expect(callers).toEqual(Array.from({ length: 16 }, (_, n) => `caller-${n + 2}`));
});

test("long notes push out the oldest events, and never the latest", async () => {
  const id = await send();
  for (let n = 0; n < 5; n++) {
    await settle(await claim(), "quarantine", { note: `${n}`.padEnd(5_000, "x") });
    await retry(id);
  }
  const events = await eventsOf(id);
  expect(events.at(-1)?.kind).toBe("RETRIED");
  const notes = events.flatMap(({ note }) => (note === "" ? [] : [note]));
  expect(notes).toEqual(["2", "3", "4"].map((n) => n.padEnd(1_024, "x")));
});

test("two events in one call are both kept", async () => {
  const id = await send();
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id, id]), "ann");
  expect(await eventsOf(id)).toHaveLength(2);
});

test("a message keeps its group beside its events", async () => {
  const id = await send({ group: GROUP });
  const [before] = await at.current.store.messageReads.details(QUEUE, [id]);
  await retry(id, "ann");
  const [after] = await at.current.store.messageReads.details(QUEUE, [id]);
  expect(after?.group).toBe(before?.group);
  const plain = await send();
  await retry(plain);
  const { messages } = await at.current.store.messageReads.states(QUEUE, {
    ...{ newestFirst: true, after: undefined },
  });
  expect(messages.map(({ group }) => group)).toEqual(["", after?.group]);
});

test("a message with events shows its event fields, and leaves nothing behind", async () => {
  const ids = [await send({ eventFields: bytes("fields") }), await send()];
  for (const id of ids) await retry(id);
  for (const one of (await at.current.tick(QUEUE, [session(1)])).claimed) {
    await settle(one, "succeed");
  }
  const { timelines, eventFields, changes } = await at.current.dump(QUEUE);
  expect([timelines, eventFields]).toEqual([[], []]);
  const fields = changes.filter(({ kind }) => kind === "succeeded").map((one) => one.fields);
  expect(fields.map((one) => Buffer.from(one).toString()).toSorted()).toEqual(["", "fields"]);
});

test("a queue that is deleted takes its timelines along", async () => {
  const { store } = at.current;
  const id = await send();
  await retry(id);
  await store.deletion.seal(QUEUE, 1);
  while ((await store.deletion.purge(QUEUE)) === "removed");
  expect((await at.current.dump(QUEUE)).timelines).toEqual([]);
});

test("what an older server left of timelines goes with the last message of its chunk", async () => {
  await send();
  const key = at.current.key(QUEUE, ":timeline:0");
  await at.current.redis.hset(key, Buffer.alloc(16, 9), "of a message that is gone");
  await settle(await claim(), "succeed");
  expect(await at.current.redis.exists(key)).toBe(0);
});

/** What an older server, or a person, may have left of a timeline. */
const DAMAGED = {
  "that ends early": Buffer.from([0, 50, 1, 2]),
  "of one byte": Buffer.from([0]),
  "with an entry that is too short": Buffer.from([0, 1, CONSTANTS.EVENT.RETRIED]),
};

test.each(Object.entries(DAMAGED))("a timeline %s refuses nothing", async (_, damaged) => {
  const id = await send();
  await retry(id);
  const key = at.current.key(QUEUE, ":timeline:0");
  await at.current.redis.hset(key, Buffer.from(id), damaged);
  expect(await eventsOf(id)).toEqual([]);
  await loseLease();
  await settle(await claim(), "quarantine", { note: "" });
  await retry(id, "ann");
  const events = await eventsOf(id);
  expect(events.map(({ kind }) => kind)).toEqual(KINDS_AFTER);
  await settle(await claim(), "succeed");
  expect((await at.current.dump(QUEUE)).timelines).toEqual([]);
});
const KINDS_AFTER = ["LEASE_LOST", "QUARANTINED", "RETRIED"];

test("an entry of a kind that this version does not know is left out", async () => {
  const id = await send();
  await retry(id, "ann");
  const key = at.current.key(QUEUE, ":timeline:0");
  const field = Buffer.from(id);
  const known = (await at.current.redis.hgetBuffer(key, field)) ?? Buffer.alloc(0);
  const unknown = Buffer.from(known);
  unknown[2] = 99;
  await at.current.redis.hset(key, field, Buffer.concat([unknown, known]));
  expect(await eventsOf(id)).toMatchObject([{ kind: "RETRIED", caller: "ann" }]);
});

test("a chunk of timelines of the wrong type refuses nothing", async () => {
  const id = await send();
  await at.current.redis.set(at.current.key(QUEUE, ":timeline:0"), "of the wrong type");
  await retry(id);
  await loseLease();
  expect(await eventsOf(id)).toEqual([]);
  await settle(await claim(), "succeed");
  await at.current.redis.del(at.current.key(QUEUE, ":timeline:0"));
});
