import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SendItem, SendReply } from "../../../src/store/contract.ts";
import { until, useTestStore } from "../../support/store.ts";
import { bytes, item, only, SETTINGS, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Ranges of a client in one value; as in lua/send/numbers.lua. */
const RANGES_MAX = 64;

const client = (name: string) => bytes(name.padEnd(16, "."));
const numbered = (number: number, over: Partial<SendItem> = {}, name = "a"): SendItem =>
  item({ number: { client: client(name), number }, ...over });
const sendAll = (items: readonly SendItem[], settings = SETTINGS) =>
  at.current.store.send(QUEUE, items, settings);
const send = async (one: SendItem, settings = SETTINGS) => only(await sendAll([one], settings));
const statuses = (replies: readonly SendReply[]) => replies.map(({ status }) => status);
const accepted = async () => (await at.current.dump(QUEUE)).counters.accepted ?? 0;
const numberKeys = () => at.current.redis.keys(at.current.key(QUEUE, ":numbers:*"));

describe("a number of a client", () => {
  test("that was used before is answered as a duplicate, and changes nothing", async () => {
    expect(await send(numbered(1))).toMatchObject({ status: "stored" });
    const before = await at.current.dump(QUEUE);
    expect(await send(numbered(1))).toEqual({ status: "duplicate", reason: "TIMEOUT" });
    expect(await at.current.dump(QUEUE)).toEqual(before);
  });

  test("is used once within one call, too", async () => {
    const replies = await sendAll([numbered(1), numbered(2), numbered(1)]);
    expect(statuses(replies)).toEqual(["stored", "stored", "duplicate"]);
  });

  test("gets the first answer while its request is known, and is a duplicate afterwards", async () => {
    const first = await send(numbered(1, { requestId: "r" }));
    await at.current.clock.advance(10 * MINUTE_MS);
    expect(await send(numbered(1, { requestId: "r" }))).toEqual({ ...first, repeated: true });
    expect(await send(numbered(1, { requestId: "other" }))).toMatchObject({ status: "duplicate" });
    await at.current.clock.advance(10 * MINUTE_MS);
    expect(await send(numbered(1, { requestId: "r" }))).toMatchObject({ status: "duplicate" });
    expect(await accepted()).toBe(1);
  });

  test("is independent of other clients, also of one whose id begins with the same bytes", async () => {
    await send(numbered(1));
    expect(await send(numbered(1, {}, "b"))).toMatchObject({ status: "stored" });
    const elsewhere = Buffer.concat([client("a"), Buffer.from("asked")]);
    const routed = item({ number: { client: elsewhere, number: 1 } });
    expect(await send(routed)).toMatchObject({ status: "stored" });
  });

  test("is used up by a send that joins, and by one that a rule drops", async () => {
    await send(item({ dedupKey: "k" }));
    const joins = numbered(1, { dedupKey: "k" });
    const drops = numbered(2, { dropped: true });
    expect(statuses(await sendAll([joins, drops]))).toEqual(["stored", "dropped"]);
    expect(statuses(await sendAll([joins, drops]))).toEqual(["duplicate", "duplicate"]);
    expect((await at.current.dump(QUEUE)).counters).toMatchObject({ joined: 1, discarded: 1 });
  });

  test("is not used up by a refused send", async () => {
    const one = { ...SETTINGS, maxMessages: 1 };
    await send(item());
    expect(await send(numbered(1), one)).toMatchObject({ status: "full" });
    expect(await send(numbered(1))).toMatchObject({ status: "stored" });
    const { deletion } = at.current.store;
    await deletion.seal(QUEUE, 2);
    expect(await send(numbered(2))).toMatchObject({ status: "deleting" });
  });

  test.each([1, 2 ** 32, Number.MAX_SAFE_INTEGER])("may be %d", async (number) => {
    expect(await send(numbered(number))).toMatchObject({ status: "stored" });
    expect(await send(numbered(number))).toMatchObject({ status: "duplicate" });
  });

  test("is deleted with its queue", async () => {
    await sendAll(Array.from({ length: RANGES_MAX + 1 }, (_, n) => numbered(2 * n + 1)));
    expect(await numberKeys()).toHaveLength(2);
    await at.current.clock.advance(2 * DAY_MS);
    await send(numbered(2));
    const { deletion } = at.current.store;
    await deletion.seal(QUEUE, RANGES_MAX + 2);
    while ((await deletion.purge(QUEUE)) === "removed");
    await deletion.remove(QUEUE);
    expect(await numberKeys()).toEqual([]);
    expect(statuses(await sendAll([numbered(1), numbered(2)]))).toEqual(["stored", "stored"]);
  });
});

describe("numbers are remembered", () => {
  test("for 7 days after the last send of their client, a repeat included", async () => {
    await send(numbered(1));
    for (const days of [7, 6, 1, 7]) {
      await at.current.clock.advance(days * DAY_MS);
      expect(await send(numbered(1)), `${days} days later`).toMatchObject({ status: "duplicate" });
    }
    expect(await accepted()).toBe(1);
  });

  test("not for longer than 8 days", async () => {
    await send(numbered(1));
    await at.current.clock.advance(8 * DAY_MS);
    expect(await send(numbered(1))).toMatchObject({ status: "stored" });
  });

  test("in one key a day, which expires", async () => {
    await sendAll([numbered(1), numbered(1, {}, "b")]);
    await at.current.clock.advance(DAY_MS);
    await sendAll([numbered(2), numbered(3)]);
    const keys = (await numberKeys()).toSorted();
    const leftMs = await Promise.all(keys.map((key) => at.current.redis.pttl(key)));
    expect(leftMs.map((ms) => Math.ceil(ms / DAY_MS))).toEqual([8, 9]);
  });

  test("in a key that is freed in the background when a later day begins, not by its expiry", async () => {
    await send(numbered(1));
    const [first] = await numberKeys();
    await at.current.clock.advance(8 * DAY_MS);
    expect(await numberKeys()).toEqual([first]);
    await send(numbered(2, {}, "b"));
    const keys = await numberKeys();
    expect(keys).toHaveLength(1);
    expect(keys).not.toContain(first);
  });

  test("in a key that is freed in the background also shortly before its expiry", async () => {
    const odd = Array.from({ length: 65 }, (_, n) => numbered(2 * n + 1));
    await sendAll(odd);
    expect(await numberKeys()).toHaveLength(2);
    await at.current.clock.advance(9 * DAY_MS - MINUTE_MS);
    expect(await numberKeys()).toHaveLength(2);
    await send(numbered(2, {}, "b"));
    expect(await numberKeys()).toHaveLength(1);
  });

  test("until their day is 7 days over, whenever their key was created: Redis keeps the instant", async () => {
    const store = at.current.openStore({ clock: "store" });
    await until("the connection", () => store.ready || undefined);
    for (const number of [1, 2]) {
      await store.send(QUEUE, [numbered(number)], SETTINGS);
      const keys = await numberKeys();
      // One, or two around midnight.
      for (const key of keys) {
        const day = Number(key.split(":").at(-1));
        const expiresAtMs = Number(await at.current.redis.call("PEXPIRETIME", key));
        expect(expiresAtMs).toBeGreaterThanOrEqual((day + 1 + 7) * DAY_MS);
      }
      expect(keys.length).toBeGreaterThan(0);
    }
  });

  test("nowhere, for sends without one", async () => {
    await sendAll([item(), item({ requestId: "r" })]);
    expect(await numberKeys()).toEqual([]);
  });

  test("as one range a client, if they come in a row", async () => {
    const row = Array.from({ length: 500 }, (_, n) => numbered(n + 1));
    await sendAll(row);
    const [key = ""] = await numberKeys();
    const value = await at.current.redis.hgetBuffer(key, Buffer.from(client("a")));
    expect(value).toHaveLength(16);
    expect([value?.readBigUInt64BE(0), value?.readBigUInt64BE(8)]).toEqual([1n, 500n]);
  });

  test("with any number of gaps, as an outage leaves them", async () => {
    const odd = Array.from({ length: 3 * RANGES_MAX }, (_, n) => numbered(2 * n + 1));
    const even = Array.from({ length: 3 * RANGES_MAX - 1 }, (_, n) => numbered(2 * n + 2));
    await sendAll(odd);
    await at.current.clock.advance(7 * DAY_MS);
    expect(new Set(statuses(await sendAll(odd)))).toEqual(new Set(["duplicate"]));
    expect(new Set(statuses(await sendAll(even)))).toEqual(new Set(["stored"]));
    expect(new Set(statuses(await sendAll([...odd, ...even])))).toEqual(new Set(["duplicate"]));
  });

  test("also below the 64 highest ranges in few members, if they come in a row later", async () => {
    await sendAll(Array.from({ length: RANGES_MAX + 1 }, (_, n) => numbered(1000 + 2 * n)));
    const [old = ""] = (await numberKeys()).filter((key) => key.endsWith(":old"));
    for (let first = 1; first < 1000; first += 333) {
      await sendAll(Array.from({ length: 333 }, (_, n) => numbered(first + n)));
    }
    expect(await at.current.redis.zcard(old)).toBe(1);
    expect(statuses(await sendAll([numbered(1), numbered(999), numbered(1000)]))).toEqual(
      Array(3).fill("duplicate"),
    );
  });

  test("below the 64 highest ranges in one key a day, which expires and is freed in the background", async () => {
    const odd = (first: number) => Array.from({ length: 65 }, (_, n) => numbered(first + 2 * n));
    await sendAll(odd(1));
    const [old = ""] = (await numberKeys()).filter((key) => key.endsWith(":old"));
    expect(Math.ceil((await at.current.redis.pttl(old)) / DAY_MS)).toBe(9);
    await at.current.clock.advance(8 * DAY_MS);
    await sendAll([numbered(1)]);
    expect((await numberKeys()).filter((key) => key.endsWith(":old"))).toEqual([]);
  });

  test("up to 100,000 old ranges of a queue and day: further ones count as new, and are never lost", async () => {
    const odd = Array.from({ length: RANGES_MAX + 1 }, (_, n) => numbered(2 * n + 1));
    await sendAll(odd);
    const [old = ""] = (await numberKeys()).filter((key) => key.endsWith(":old"));
    const fill = "for n = 1, 99999 do redis.call('ZADD', KEYS[1], 0, '\\255' .. n) end";
    await at.current.redis.eval(fill, 1, old);
    const higher = numbered(2 * RANGES_MAX + 3);
    expect(await send(higher)).toMatchObject({ status: "stored" });
    expect(await at.current.redis.zcard(old)).toBe(100_000);
    const again = statuses(await sendAll([...odd, higher]));
    expect(again.filter((status) => status === "stored")).toHaveLength(1);
    expect(again[1]).toBe("stored");
  });

  test("for each client alone, also below the 64 highest ranges", async () => {
    const odd = (name: string) =>
      Array.from({ length: 2 * RANGES_MAX }, (_, n) => numbered(2 * n + 1, {}, name));
    await sendAll([...odd("a"), ...odd("b")]);
    expect(await send(numbered(1, {}, "c"))).toMatchObject({ status: "stored" });
    const elsewhere = Buffer.concat([client("a"), Buffer.from("asked")]);
    const routed = (number: number) => item({ number: { client: elsewhere, number } });
    expect(await send(routed(1000))).toMatchObject({ status: "stored" });
    expect(await send(routed(1))).toMatchObject({ status: "stored" });
    expect(new Set(statuses(await sendAll(odd("a"))))).toEqual(new Set(["duplicate"]));
  });

  test("as a set would", async () => {
    const number = fc.integer({ min: 1, max: 300 });
    const inRow = fc
      .tuple(number, fc.integer({ min: 1, max: 20 }))
      .map(([first, count]) => Array.from({ length: count }, (_, n) => first + n));
    const everyOther = fc
      .tuple(number, fc.integer({ min: 1, max: 80 }))
      .map(([first, count]) => Array.from({ length: count }, (_, n) => first + 2 * n));
    const calls = fc.array(fc.oneof(fc.array(number, { minLength: 1 }), inRow, everyOther), {
      minLength: 1,
      maxLength: 8,
    });
    let clients = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (called) => {
        const name = `client ${++clients}`;
        const used = new Set<number>();
        const take = (number: number) =>
          used.has(number) ? "duplicate" : used.add(number) && "stored";
        for (const call of called) {
          const replies = await sendAll(call.map((one) => numbered(one, {}, name)));
          expect(statuses(replies)).toEqual(call.map((one) => take(one)));
        }
      }),
      { numRuns: 150 },
    );
  });
});

test("a message is the same with and without a number", async () => {
  const id = storedId(await send(numbered(1, { priority: 3, orderingKey: "o", note: "n" })));
  const { messages, changes } = await at.current.dump(QUEUE);
  expect(messages.get(Buffer.from(id).toString("hex"))).toMatchObject({
    priority: 3,
    orderingKey: "o",
    envelope: "envelope",
  });
  expect(changes).toMatchObject([{ kind: "sent", note: "n" }]);
});
