// Imports: whole messages are stored as they were, once.

import { describe, expect, test } from "vitest";
import type {
  ImportHow,
  ImportItem,
  MessageDetails,
  StoredEvent,
} from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
  text,
} from "../../support/store-items.ts";

const at = useTestStore();
const HOW: ImportHow = { importId: "export-1", caller: "ops", dryRun: false };
const ID = Uint8Array.from(Buffer.from("018d1b2c3d4e7f0180123456789abcde", "hex"));

function imported(over: Partial<ImportItem> = {}): ImportItem {
  return {
    ...{ id: ID, from: "orders", quarantineReason: undefined, reason: "TIMEOUT" },
    ...{ isolated: false, poisoned: false, attempts: 2, deliveries: 3, releases: 1 },
    ...{ leaseExpiries: 1, unknownOutcomes: 1, failureCount: 1, dueAtMs: START_MS + 5_000 },
    ...{ expireAtMs: START_MS + 60_000, ttlMs: 90_000, roundStartedAtMs: START_MS - 9_000 },
    ...{ lastDelayMs: 700, moves: 2, priority: -5, sourceId: "s-1" },
    ...{ retrySettings: bytes("settings"), envelope: bytes("envelope"), payloadBytes: 4 },
    ...{ edits: undefined, laterFailures: [], events: [], limiterKey: "", orderingKey: "" },
    ...{ eventFields: undefined, group: undefined },
    ...over,
  };
}

const run = (items: readonly ImportItem[], over: Partial<ImportHow> = {}, queue = "orders") =>
  at.current.store.moves.storeImported(queue, items, SETTINGS, { ...HOW, ...over });

async function detailsOf(id = ID, queue = "orders"): Promise<MessageDetails> {
  const [details] = await at.current.store.messageReads.details(queue, [id]);
  if (details === undefined) throw new Error("there is no such message");
  return details;
}

const claim = async (queue = "orders") => (await at.current.tick(queue, [session(1)])).claimed;

test("a scheduled message has its state, failures and times, and is delivered at its due time", async () => {
  const attempt = {
    ...{ startedAtMs: 1_000, endedAtMs: 2_000, delivery: 3, exempt: false, workerId: "w" },
    ...{ server: "node", decision: "attempt 2 of 3 failed" },
  };
  const laterFailures = [
    { failure: bytes("second"), attempt: undefined },
    { failure: bytes("third"), attempt },
  ];
  const { from: _from, ...given } = imported({ laterFailures, failureCount: 9 });
  expect(await run([{ ...given, from: "other" }])).toEqual(["IMPORTED"]);
  const { events, ...details } = await detailsOf();
  expect(details).toMatchObject({
    ...{ state: "SCHEDULED", reason: "TIMEOUT", attempts: 2, deliveries: 3, releases: 1 },
    ...{ leaseExpiries: 1, unknownOutcomes: 1, failureCount: 9, poisoned: false, moves: 2 },
    ...{ dueAtMs: START_MS + 5_000, expireAtMs: START_MS + 60_000, ttlMs: 90_000, priority: -5 },
    ...{ roundStartedAtMs: START_MS - 9_000, lastDelayMs: 700, laterFailures, sinceMs: START_MS },
  });
  expect(text(details.envelope)).toBe("envelope");
  expect(events).toMatchObject([
    { kind: "IMPORTED", atMs: START_MS, caller: "ops", queue: "other" },
  ]);
  expect(await claim()).toEqual([]);
  await at.current.clock.advance(5_000);
  expect(only(await claim())).toMatchObject({ id: ID, attempts: 2, deliveryNumber: 4 });
});

test("a quarantined message is in quarantine again, with its edits and events", async () => {
  const events: StoredEvent[] = [
    {
      ...{ kind: "MOVED", atMs: 5, startedAtMs: undefined, delivery: 1, workerId: undefined },
      ...{
        quarantineReason: undefined,
        server: undefined,
        caller: undefined,
        queue: "a",
        note: "",
      },
    },
    {
      ...{ kind: "QUARANTINED", atMs: 6, startedAtMs: 4, delivery: 2, workerId: "w" },
      ...{ quarantineReason: "WORKER_REQUEST", server: "n", caller: undefined, queue: undefined },
      note: "bad card",
    },
  ];
  const edits = { record: bytes("edits"), payloadBytes: 2 };
  await run([imported({ quarantineReason: "WORKER_REQUEST", events, edits, poisoned: true })]);
  const details = await detailsOf();
  expect(details).toMatchObject({
    ...{ state: "QUARANTINED", quarantineReason: "WORKER_REQUEST", poisoned: true, bytes: 13 },
  });
  expect(details.events.slice(0, 2)).toEqual(events);
  expect(text(details.edits)).toBe("edits");
});

describe("a message is stored once", () => {
  test("in one call, and in repeats of it", async () => {
    expect(await run([imported(), imported()])).toEqual(["IMPORTED", "ALREADY_THERE"]);
    expect(await run([imported()])).toEqual(["ALREADY_THERE"]);
    expect(await run([imported()], { importId: "export-2" })).toEqual(["ALREADY_THERE"]);
  });

  test("under an import, even if it has been processed since; under another one again", async () => {
    await run([imported({ dueAtMs: 0 })]);
    const claimed = only(await claim());
    await at.current.store.settle("orders", NO_REQUEST, [outcome(claimed, "succeed")]);
    await at.current.clock.advance(6 * 86_400_000);
    expect(await run([imported()])).toEqual(["ALREADY_THERE"]);
    expect(await run([imported()], { importId: "export-2" })).toEqual(["IMPORTED"]);
  });

  test("where it is still in its queue", async () => {
    const { store } = at.current;
    const reply = only(await store.send("orders", [item()], SETTINGS));
    expect(await run([imported({ id: storedId(reply) })])).toEqual(["ALREADY_THERE"]);
    expect(await run([imported({ id: storedId(reply) })], {}, "copies")).toEqual(["IMPORTED"]);
  });
});

test("a dry run answers as the import, and changes nothing", async () => {
  const settings = { ...SETTINGS, maxMessages: 1 };
  const other = imported({ id: Uint8Array.from(ID, (byte, index) => (index === 15 ? 1 : byte)) });
  const how = { ...HOW, dryRun: true };
  const items = [imported(), other];
  const { store } = at.current;
  expect(await store.moves.storeImported("orders", items, settings, how)).toEqual([
    "IMPORTED",
    "FULL_MESSAGES",
  ]);
  expect(await store.hasQueue("orders")).toBe(false);
  expect(await store.moves.storeImported("orders", items, settings, HOW)).toEqual([
    "IMPORTED",
    "FULL_MESSAGES",
  ]);
  // What was refused can be stored later.
  expect(await run([other])).toEqual(["IMPORTED"]);
});

test("a time to live that is over begins again", async () => {
  await run([imported({ dueAtMs: START_MS - 5_000, expireAtMs: START_MS - 1, ttlMs: 60_000 })]);
  expect(await detailsOf()).toMatchObject({ dueAtMs: START_MS, expireAtMs: START_MS + 60_000 });
});

test("a full queue refuses by bytes; one that is being deleted refuses all", async () => {
  const { store } = at.current;
  const settings = { ...SETTINGS, maxBytes: 7 };
  expect(await store.moves.storeImported("orders", [imported()], settings, HOW)).toEqual([
    "FULL_BYTES",
  ]);
  await run([imported()]);
  await store.deletion.seal("orders", 1);
  expect(await run([imported({ id: Uint8Array.from(ID).fill(1, 15) })])).toEqual(["DELETING"]);
});

test("an isolated message waits for isolated delivery", async () => {
  await run([imported({ isolated: true, dueAtMs: 0 })]);
  expect((await detailsOf()).isolated).toBe(true);
});

test("a message keeps its order among those of its ordering key", async () => {
  at.current.deliverySettings = { ...at.current.deliverySettings, ordering: "key" };
  const second = imported({ id: Uint8Array.from(ID).fill(0xff, 15), dueAtMs: 0, orderingKey: "k" });
  await run([imported({ dueAtMs: 0, orderingKey: "k" }), second]);
  expect(only(await claim()).id).toEqual(ID);
});

test("a message that comes back by an import is no deleted one any more", async () => {
  const { store, clock } = at.current;
  const [first] = await store.send("orders", [item({ delayMs: 60_000 })], SETTINGS);
  const id = storedId(first);
  const retention = { succeededMs: 60_000, deletedMs: 3_600_000, maxBytes: 1_000_000 };
  const discard = async (after: string) => {
    const { messages } = await store.messageReads.states("orders", {
      ...{ newestFirst: false, after: undefined },
    });
    const items = messages.map(({ id: one, version }) => ({ id: one, version }));
    const step = { number: 1, createdMs: 0, action: "discard" as const, items, retention };
    await store.jobs.act("orders", {
      ...{ ...step, before: undefined, after: bytes(after), caller: "", note: "" },
    });
    await store.jobs.forgetProgress("orders", 1);
  };
  for (const name of ["a", "b"]) {
    await discard(name);
    // The end of the test checks that what is kept is whole, and counted.
    expect(await run([imported({ id })], { importId: name })).toEqual(["IMPORTED"]);
    await at.current.checkInvariants("orders");
  }
  await clock.advance(1);
  await discard("c");
  const listed = await at.current.dump("orders");
  expect(listed.deleted.messages.size).toBe(1);
});

test("a queue refuses a message that moves there if it has one of this id", async () => {
  const { store } = at.current;
  const id = storedId(only(await store.send("orders", [item({ delayMs: 60_000 })], SETTINGS)));
  await run([imported({ id })], {}, "copies");
  const { messages } = await store.messageReads.states("copies", {
    ...{ newestFirst: false, after: undefined },
  });
  await store.jobs.act("copies", {
    ...{ number: 1, createdMs: 0, action: "move", items: messages, target: "orders" },
    ...{ before: undefined, after: bytes("a"), caller: "", note: "" },
  });
  const moving = await store.moves.pending("copies", [id]);
  const plain = moving.map((message) => ({ message, limiterKey: "", orderingKey: "" }));
  expect(await store.moves.receive("orders", "copies", plain, SETTINGS)).toEqual(["PRESENT"]);
  const ends = moving.map((message) => ({ message, received: false }));
  expect(await store.moves.end("copies", ends)).toEqual([true]);
  for (const queue of ["orders", "copies"])
    expect((await store.messageReads.details(queue, [id]))[0]).toBeDefined();
});
