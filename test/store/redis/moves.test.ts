import { describe, expect, test } from "vitest";
import type {
  Claimed,
  MovingMessage,
  ReceiveItem,
  SendItem,
  SettleItem,
  Store,
} from "../../../src/store/contract.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  text,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const [A, B] = ["a", "b"];
const THERE_MS = 1_000;
const HOME_MS = 5_000;

const moveOf = (claimed: Claimed, over: Partial<SettleItem> = {}, target = B): SettleItem =>
  outcome(claimed, "failMove", {
    ...{ delayMs: THERE_MS, reason: "NETWORK_ERROR", failure: bytes("attempt failed") },
    move: { target, ifRefused: { delayMs: HOME_MS } },
    ...over,
  });

async function claimAt(queue: string): Promise<Claimed> {
  return only((await at.current.tick(queue, [session(1)])).claimed);
}

/** Sends a message to A and fails it; a rule moves it. */
async function setOut(sent: Partial<SendItem> = {}, over: Partial<SettleItem> = {}) {
  await at.current.store.send(A, [item({ envelope: bytes("message"), ...sent })], SETTINGS);
  const claimed = await claimAt(A);
  const reply = await at.current.store.settle(A, NO_REQUEST, [moveOf(claimed, over)]);
  return { claimed, settled: only(reply?.results) };
}

const pending = (queue = A, store: Store = at.current.store) =>
  store.moves.pending(queue, { olderThanMs: 0 });
const plain = (message: MovingMessage): ReceiveItem => ({
  message,
  limiterKey: "",
  orderingKey: "",
});
const receive = (
  messages: readonly MovingMessage[],
  { target = B, from = A, store = at.current.store, settings = SETTINGS } = {},
) => store.moves.receive(target, from, messages.map(plain), settings);
const end = (messages: readonly MovingMessage[], received = true, queue = A) =>
  at.current.store.moves.end(
    queue,
    messages.map((message) => ({ message, received })),
  );

async function otherStore(options = {}): Promise<Store> {
  const store = at.current.openStore(options);
  await until("the other's connection", () => store.ready || undefined);
  return store;
}

const messagesOf = async (queue: string) => [...(await at.current.dump(queue)).messages.values()];

describe("a moving message", () => {
  test("is never claimed", async () => {
    const { settled } = await setOut();
    expect(settled).toMatchObject({ state: "SCHEDULED", dueAtMs: START_MS + THERE_MS });
    await at.current.clock.advance(3_600_000);
    expect((await at.current.tick(A, [session(1)])).claimed).toEqual([]);
    await at.current.checkAllQueues();
  });

  test("counts in its old queue as scheduled and not due", async () => {
    await setOut();
    await at.current.clock.advance(3_600_000);
    const [stats] = await at.current.store.stats([A]);
    expect(stats).toMatchObject({ scheduled: 1, dueNow: 0, nextDueAtMs: undefined });
    expect(stats?.cells).toMatchObject([{ state: "SCHEDULED", reason: "NETWORK_ERROR", count: 1 }]);
  });

  test("is reported by each tick, so that another server can finish the move", async () => {
    await setOut();
    await at.current.clock.advance(7_000);
    expect(await at.current.tick(A)).toMatchObject({ firstMoveAtMs: START_MS });
    await end(await pending(), false);
    expect(await at.current.tick(A)).toMatchObject({ firstMoveAtMs: undefined });
  });

  test("does not end its life on the way", async () => {
    await setOut({ ttlMs: 60_000 });
    await at.current.clock.advance(3_600_000);
    expect((await at.current.tick(A)).ended).toEqual([]);
    await receive(await pending());
    await end(await pending());
    expect((await at.current.tick(B)).ended).toMatchObject([{ state: "QUARANTINED" }]);
  });

  test("refuses late outcomes, retries and joins", async () => {
    const sent = { dedupKey: "k" };
    const { claimed } = await setOut(sent);
    const { store } = at.current;
    const late = await store.settle(A, NO_REQUEST, [outcome(claimed, "succeed")]);
    expect(late?.results).toMatchObject([{ status: "LEASE_LOST" }]);
    expect(await store.messages.retry(A, NO_REQUEST, toRetry([claimed.id]))).toEqual({
      retriedCount: 0,
      refused: [{ index: 0, refusal: "IN_FLIGHT" }],
    });
    const [again] = await store.send(A, [item(sent)], SETTINGS);
    expect(again).toMatchObject({ status: "stored", joined: false });
  });

  test("blocks the deletion of its queue", async () => {
    await setOut();
    expect(await at.current.store.deletion.seal(A, 1)).toEqual({ status: "busy", inFlight: 1 });
    await receive(await pending());
    await end(await pending());
    expect(await at.current.store.deletion.seal(A, 0)).toMatchObject({ status: "sealed" });
  });

  test("stays in a queue that is being deleted if its outcome comes late", async () => {
    await at.current.store.send(A, [item()], SETTINGS);
    const claimed = await claimAt(A);
    await at.current.clock.advance(30_000);
    await at.current.tick(A);
    await at.current.store.deletion.seal(A, 1);
    await at.current.store.settle(A, NO_REQUEST, [moveOf(claimed)]);
    expect(await pending()).toEqual([]);
    expect(await messagesOf(A)).toMatchObject([{ state: "SCHEDULED", moving: false }]);
  });

  test("lets the next message of its ordering key go", async () => {
    at.current.deliverySettings = { ...at.current.deliverySettings, ordering: "key" };
    await at.current.store.send(A, [item(), item()].map(ordered), SETTINGS);
    const claimed = await claimAt(A);
    await at.current.store.settle(A, NO_REQUEST, [moveOf(claimed)]);
    expect(hex((await claimAt(A)).id)).not.toBe(hex(claimed.id));
  });
});

const ordered = (one: SendItem): SendItem => ({ ...one, orderingKey: "k" });

describe("at the other queue", () => {
  test("it arrives with its history, its attempts and its identity", async () => {
    const own = { retrySettings: bytes("own"), ttlMs: 86_400_000 };
    const { claimed } = await setOut(own, { priority: 7, retrySettings: bytes("ruled") });
    expect(await receive(await pending())).toEqual(["RECEIVED"]);
    await end(await pending());
    expect(await messagesOf(A)).toEqual([]);
    expect(await messagesOf(B)).toMatchObject([
      {
        ...{ state: "SCHEDULED", reason: "NETWORK_ERROR", attempts: 1, failures: 2, hops: 1 },
        ...{ deliveryNumber: 1, history: ["attempt failed"], envelope: "message", priority: 7 },
        ...{ dueAtMs: START_MS + THERE_MS, expireAtMs: START_MS + 86_400_000, moving: false },
      },
    ]);
    await at.current.clock.advance(THERE_MS);
    const there = await claimAt(B);
    expect(hex(there.id)).toBe(hex(claimed.id));
    expect(there).toMatchObject({ deliveryNumber: 2, attempts: 1, createdAtMs: START_MS });
    expect(text(there.latestFailure)).toBe("attempt failed");
    const examined = await at.current.store.examine(B, NO_REQUEST, [tokenOf(there)], true);
    expect(examined).toMatchObject([{ hops: 1, priority: 7, retrySettings: bytes("ruled") }]);
    expect(text((examined as { envelope: Uint8Array }[])[0]?.envelope)).toBe("message");
  });

  test("it arrives with its edits and their size", async () => {
    const edit = { edits: bytes("edited"), payloadBytes: 0, grown: 6 };
    const { claimed } = await setOut({}, { edit });
    expect((await pending()).map(({ edits }) => text(edits))).toEqual(["edited"]);
    await receive(await pending());
    await end(await pending());
    expect((await at.current.dump(A)).edits).toEqual([]);
    expect(await messagesOf(B)).toMatchObject([{ edited: true, edits: "edited", bytes: 13 }]);
    await at.current.clock.advance(THERE_MS);
    const there = await claimAt(B);
    expect([text(there.envelope), text(there.edits)]).toEqual(["message", "edited"]);
    await at.current.store.settle(B, NO_REQUEST, [outcome(there, "succeed")]);
    expect(await at.current.dump(B)).toMatchObject({ edits: [], counters: { bytes: 0 } });
    expect(hex(there.id)).toBe(hex(claimed.id));
  });

  test("takes its event fields along", async () => {
    await setOut({ eventFields: bytes("fields") });
    const messages = await pending();
    await receive(messages);
    await end(messages);
    await at.current.clock.advance(THERE_MS);
    const claimed = await claimAt(B);
    await at.current.store.settle(B, NO_REQUEST, [outcome(claimed, "succeed")]);
    const fields = (await at.current.dump(B)).changes.map((one) => [one.kind, text(one.fields)]);
    expect(fields).toEqual([
      ["moved_in", "fields"],
      ["claimed", ""],
      ["succeeded", "fields"],
    ]);
    expect((await at.current.dump(A)).changes.at(-1)).toMatchObject({ kind: "moved_out" });
  });

  test("both sides count it and have it in their outboxes", async () => {
    const { claimed } = await setOut({}, { note: "slow-host" });
    await receive(await pending());
    await end(await pending());
    const [a, b] = [await at.current.dump(A), await at.current.dump(B)];
    expect(a.counters).toMatchObject({ accepted: 1, moved_out: 1, messages: 0, bytes: 0 });
    expect(b.counters).toMatchObject({ moved_in: 1, messages: 1, bytes: 7 });
    const id = hex(claimed.id);
    const records = (dump: typeof a) => dump.changes.map(({ kind, note }) => [kind, note]);
    expect(records(a).slice(2)).toEqual([
      ["failed", "slow-host"],
      ["moved_out", B],
    ]);
    expect(records(b)).toEqual([["moved_in", A]]);
    expect(b.changes[0]?.id).toBe(id);
    expect(await at.current.store.queues()).toEqual(expect.arrayContaining([A, B]));
  });

  test("it may arrive in quarantine", async () => {
    const { settled } = await setOut({}, { quarantineReason: "RULE", delayMs: 0 });
    expect(settled).toMatchObject({ state: "QUARANTINED", quarantineReason: "RULE" });
    await receive(await pending());
    await end(await pending());
    expect(await messagesOf(B)).toMatchObject([{ state: "QUARANTINED", quarantineReason: "RULE" }]);
  });

  test("it gets the limiter key and the ordering key of that queue", async () => {
    await setOut({ limiterKey: "here", orderingKey: "" });
    const [message] = await pending();
    at.current.deliverySettings = {
      ...at.current.deliverySettings,
      ordering: "key",
      keyAttribute: "h",
    };
    const items = [{ message: message as MovingMessage, limiterKey: "there", orderingKey: "o" }];
    await at.current.store.moves.receive(B, A, items, SETTINGS);
    expect(await messagesOf(B)).toMatchObject([{ limiterKey: "there", orderingKey: "o" }]);
    await end(await pending());
  });

  test("chunks stay small, however many queues move messages there", async () => {
    for (const queue of ["x", "y", "z"]) {
      await at.current.store.send(
        queue,
        Array.from({ length: 100 }, () => item()),
        SETTINGS,
      );
      const { claimed } = await at.current.tick(queue, [session(1)]);
      const outcomes = claimed.map((one) => moveOf(one));
      await at.current.store.settle(queue, NO_REQUEST, outcomes);
      for (;;) {
        const messages = await pending(queue);
        if (messages.length === 0) break;
        await receive(messages, { from: queue });
        await end(messages, true, queue);
      }
    }
    const { messages, movedIn } = await at.current.dump(B);
    const sizes = Map.groupBy(messages.values(), ({ chunk }) => chunk);
    expect([...sizes.values()].map((own) => own.length).toSorted()).toEqual([127, 128, 45]);
    expect(movedIn.size).toBe(300);
    await at.current.store.deletion.seal(B, 300);
    while ((await at.current.store.deletion.purge(B)) === "removed")
      await at.current.checkInvariants(B);
    await at.current.store.deletion.remove(B);
    expect((await at.current.dump(B)).movedIn.size).toBe(0);
  });
});

describe("a server that dies", () => {
  test.each([0, 1, 2, 3])("after step %i leaves exactly one message, in the end", async (steps) => {
    const { claimed } = await setOut();
    const early = await pending();
    if (steps >= 1) await receive(early);
    if (steps >= 2) await end(early);
    if (steps >= 3) await end(early);
    const claims = async () => {
      await at.current.clock.advance(3_600_000);
      const here = (await at.current.tick(A, [session(1)])).claimed;
      const there = (await at.current.tick(B, [session(2)])).claimed;
      return [here.length, there.length];
    };
    // Never two copies, also before another server takes over.
    expect(await claims()).toEqual([0, steps >= 1 ? 1 : 0]);
    const other = await otherStore();
    const late = await pending(A, other);
    expect(late).toHaveLength(steps >= 2 ? 0 : 1);
    expect(await receive(late, { store: other as never })).toEqual(late.map(() => "RECEIVED"));
    expect(await other.moves.end(A, late.map(received))).toEqual(late.map(() => true));
    expect(await messagesOf(A)).toEqual([]);
    expect([...(await at.current.dump(B)).messages.keys()]).toEqual([hex(claimed.id)]);
  });

  test("and returns with an old reply brings no processed message back", async () => {
    await setOut();
    const early = await pending();
    await receive(early);
    await at.current.clock.advance(THERE_MS);
    const claimed = await claimAt(B);
    await at.current.store.settle(B, NO_REQUEST, [outcome(claimed, "succeed")]);
    for (const days of [0, 3, 3.9]) {
      await at.current.clock.advance(days * 86_400_000);
      expect(await receive(early)).toEqual(["RECEIVED"]);
      expect(await messagesOf(B)).toEqual([]);
    }
    expect(await end(early)).toEqual([true]);
    expect(await end(early)).toEqual([false]);
  });

  // The key expires after 9 days.
  test.each([8, 8.999])(
    "is freed in the background, after %i days, not by its expiry",
    async (days) => {
      const keys = () => at.current.redis.keys(at.current.key(B, ":arrived:*"));
      await setOut();
      await receive(await pending());
      const [first] = await keys();
      await at.current.clock.advance(days * 86_400_000);
      expect(await keys()).toEqual([first]);
      await setOut();
      await receive(await pending());
      expect(await keys()).toHaveLength(1);
      expect(await keys()).not.toContain(first);
    },
  );

  const received = (message: MovingMessage) => ({ message, received: true });

  test("many servers that move one message leave one copy", async () => {
    const { claimed } = await setOut();
    const stores = await Promise.all([otherStore(), otherStore(), otherStore()]);
    const ended = await Promise.all(
      stores.map(async (store) => {
        const messages = await pending(A, store);
        await receive(messages, { store: store as never });
        return store.moves.end(A, messages.map(received));
      }),
    );
    expect(ended.flat().filter(Boolean)).toHaveLength(1);
    expect(await messagesOf(A)).toEqual([]);
    expect([...(await at.current.dump(B)).messages.keys()]).toEqual([hex(claimed.id)]);
    expect((await at.current.dump(B)).counters.moved_in).toBe(1);
  });
});

describe("a refusal", () => {
  test("is final, so that two servers never decide differently", async () => {
    await at.current.store.send(B, [item()], SETTINGS);
    await setOut();
    const messages = await pending();
    const full = { ...SETTINGS, maxMessages: 1 };
    expect(await receive(messages, { settings: full })).toEqual(["FULL_MESSAGES"]);
    expect(await receive(messages)).toEqual(["FULL_MESSAGES"]);
    expect(await messagesOf(B)).toHaveLength(1);
    expect(await end(messages, false)).toEqual([true]);
    expect(await messagesOf(A)).toMatchObject([
      { state: "SCHEDULED", dueAtMs: START_MS + HOME_MS, attempts: 1, hops: 0, moving: false },
    ]);
    const { changes } = await at.current.dump(A);
    expect(changes.at(-1)).toMatchObject({ kind: "move_refused", note: B });
    // The next failure is another move.
    await at.current.clock.advance(HOME_MS);
    await at.current.store.settle(A, NO_REQUEST, [moveOf(await claimAt(A))]);
    expect(await receive(await pending())).toEqual(["RECEIVED"]);
    await end(await pending());
  });

  test("by size is reported as such", async () => {
    await setOut();
    const settings = { ...SETTINGS, maxBytes: 3 };
    expect(await receive(await pending(), { settings })).toEqual(["FULL_BYTES"]);
  });

  test("by a queue that may not be created creates none", async () => {
    const closed = await otherStore({ mayCreate: () => false });
    await setOut();
    expect(await receive(await pending(), { store: closed as never })).toEqual(["CLOSED"]);
    expect(await at.current.store.queues()).toEqual([A]);
    // The queue may be created now; this message stays in its queue.
    expect(await receive(await pending())).toEqual(["CLOSED"]);
    await end(await pending(), false);
  });

  test("leads to quarantine if the verdict says so", async () => {
    const ifRefused = { delayMs: 0, quarantineReason: "RETRIES_EXHAUSTED" } as const;
    await setOut({}, { move: { target: B, ifRefused } });
    await end(await pending(), false);
    expect(await messagesOf(A)).toMatchObject([
      { state: "QUARANTINED", quarantineReason: "RETRIES_EXHAUSTED" },
    ]);
  });
});

describe("while the other queue is deleted", () => {
  async function deleteB(messages: number) {
    await at.current.store.deletion.seal(B, messages);
    while ((await at.current.store.deletion.purge(B)) === "removed") {
      // Until none is left.
    }
    await at.current.store.deletion.remove(B);
  }

  test("it takes in nothing", async () => {
    await at.current.store.send(B, [item()], SETTINGS);
    await setOut();
    await at.current.store.deletion.seal(B, 1);
    expect(await receive(await pending())).toEqual(["DELETING"]);
  });

  test("messages that it had taken in are deleted with it", async () => {
    await setOut();
    const messages = await pending();
    await receive(messages);
    expect(await at.current.store.deletion.seal(B, 0)).toMatchObject({ status: "mismatch" });
    await deleteB(1);
    expect(await receive(messages)).toEqual(["RECEIVED"]);
    expect(await messagesOf(B)).toEqual([]);
    expect(await end(messages)).toEqual([true]);
    expect(await messagesOf(A)).toEqual([]);
  });
});

test("a queue with moved-in messages only stays listed when a deletion ends late", async () => {
  await setOut();
  await receive(await pending());
  await end(await pending());
  await at.current.store.deletion.remove(B);
  expect(await at.current.store.queues()).toContain(B);
});

test("a message that comes back before its first move has ended exists once", async () => {
  const { claimed } = await setOut();
  const first = await pending();
  await receive(first);
  await at.current.clock.advance(THERE_MS);
  // A still has the moving copy; B moves the message back.
  await at.current.store.settle(B, NO_REQUEST, [moveOf(await claimAt(B), {}, A)]);
  const back = await pending(B);
  expect(await receive(back, { target: A, from: B })).toEqual(["RECEIVED"]);
  expect(await messagesOf(A)).toMatchObject([{ moving: false, hops: 2, deliveryNumber: 2 }]);
  // Now the first server continues and ends its move.
  expect(await receive(first)).toEqual(["RECEIVED"]);
  expect(await end(first)).toEqual([false]);
  expect(await end(back, true, B)).toEqual([true]);
  expect(await messagesOf(B)).toEqual([]);
  await at.current.clock.advance(THERE_MS);
  expect(hex((await claimAt(A)).id)).toBe(hex(claimed.id));
  expect((await at.current.dump(A)).counters).toMatchObject({ moved_out: 1, moved_in: 1 });
});

test("the late end of an earlier move does not end a later one", async () => {
  await setOut();
  const first = await pending();
  await receive(first);
  await at.current.clock.advance(THERE_MS);
  await at.current.store.settle(B, NO_REQUEST, [moveOf(await claimAt(B), {}, A)]);
  await receive(await pending(B), { target: A, from: B });
  await end(await pending(B), true, B);
  await at.current.clock.advance(THERE_MS);
  await at.current.store.settle(A, NO_REQUEST, [moveOf(await claimAt(A), {}, "c")]);
  expect(await end(first)).toEqual([false]);
  expect(await pending()).toMatchObject([{ target: "c", deliveryNumber: 3 }]);
});

test("large moving messages are read in several steps, at least one each", async () => {
  const large = new Uint8Array(3 * 1024 * 1024).fill(65);
  await at.current.store.send(A, [item({ envelope: large }), item({ envelope: large })], SETTINGS);
  const { claimed } = await at.current.tick(A, [session(1, { bytes: 1 << 30 })]);
  const more = claimed.length < 2 ? (await at.current.tick(A, [session(1)])).claimed : [];
  const outcomes = [...claimed, ...more].map((one) => moveOf(one));
  await at.current.store.settle(A, NO_REQUEST, outcomes);
  const ids = outcomes.map(({ token }) => token.messageId);
  expect(await at.current.store.moves.pending(A, ids)).toHaveLength(1);
});
