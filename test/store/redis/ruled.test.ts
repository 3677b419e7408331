// What the store does with sends and outcomes that routing rules have changed.

import { describe, expect, test } from "vitest";
import type { SendItem } from "../../../src/store/contract.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  text,
  tokenOf,
} from "../../support/store-items.ts";

const at = useTestStore();
const send = (queue: string, ...items: Partial<SendItem>[]) =>
  at.current.store.send(queue, items.map(item), SETTINGS);
const dropped = { dropped: true, note: "test-traffic", envelope: bytes("") };

describe("a send that is dropped", () => {
  test("counts as accepted and discarded, and leaves only a change in the outbox", async () => {
    expect(await send("q", dropped)).toEqual([
      { status: "dropped", reason: "TIMEOUT", repeated: false },
    ]);
    const dump = await at.current.dump("q");
    expect(dump.messages.size).toBe(0);
    expect(dump.counters).toEqual({ accepted: 1, discarded: 1 });
    expect(dump.changes).toMatchObject([{ kind: "discarded", state: 5, note: "test-traffic" }]);
    expect(await at.current.store.queues()).toEqual(["q"]);
  });

  test("is answered as dropped again for a repeated request, whatever the rules are then", async () => {
    await send("q", { ...dropped, requestId: "r" });
    for (const again of [dropped, {}]) {
      expect(await send("q", { ...again, requestId: "r" })).toMatchObject([
        { status: "dropped", repeated: true },
      ]);
    }
    expect((await at.current.dump("q")).counters).toEqual({ accepted: 1, discarded: 1 });
  });

  test("lists its queue once", async () => {
    await send("q", dropped);
    await at.current.redis.zrem(partitionKeys(at.current.prefix, partitionOf("q")).queues, "q");
    await send("q", dropped);
    expect(await at.current.store.queues()).toEqual([]);
  });

  test("may be in one call with stored messages", async () => {
    const replies = await send("q", {}, dropped, { priority: 3 });
    expect(replies.map(({ status }) => status)).toEqual(["stored", "dropped", "stored"]);
  });

  test("joins no message and is never refused as full", async () => {
    await send("q", { dedupKey: "k" });
    const settings = { ...SETTINGS, maxMessages: 1 };
    const items = [item({ ...dropped, dedupKey: "k" })];
    expect(await at.current.store.send("q", items, settings)).toMatchObject([
      { status: "dropped" },
    ]);
  });
});

test("the change of a quarantined message has its note", async () => {
  await send("q", { quarantineReason: "RULE", note: "gone-for-good" });
  const { changes, messages } = await at.current.dump("q");
  expect(changes).toMatchObject([{ kind: "sent", note: "gone-for-good" }]);
  expect([...messages.values()]).toMatchObject([{ quarantineReason: "RULE" }]);
});

describe("a send that a rule routes to another queue", () => {
  const route = (queue: string, requestId: string, target: string) =>
    at.current.store.route(queue, [{ requestId, target }]);

  test("goes there again for a repeated request, whatever the rules are then", async () => {
    expect(await route("a", "r", "b")).toEqual([undefined]);
    expect(await route("a", "r", "c")).toEqual([{ status: "routed", queue: "b" }]);
    expect(await send("a", { requestId: "r" })).toEqual([{ status: "routed", queue: "b" }]);
    expect((await at.current.dump("a")).counters).toEqual({});
  });

  test("gets the answer of an earlier call of its request", async () => {
    const [first] = await send("a", { requestId: "r" });
    const [again] = await route("a", "r", "b");
    expect(again).toEqual({ ...first, repeated: true });
  });

  test("is found among many items, in their order", async () => {
    await route("a", "r2", "b");
    await send("a", { requestId: "r3" });
    const items = ["r1", "r2", "r3", "r1"].map((requestId) => ({ requestId, target: "c" }));
    const replies = await at.current.store.route("a", items);
    expect(replies.map((reply) => reply?.status)).toEqual([
      undefined,
      "routed",
      "stored",
      "routed",
    ]);
  });

  test("is forgotten after ten minutes", async () => {
    await route("a", "r", "b");
    await at.current.clock.advance(20 * 60_000);
    expect(await route("a", "r", "c")).toEqual([undefined]);
  });

  test("creates no queue under the name that it was sent to", async () => {
    await route("a", "r", "b");
    expect(await at.current.store.queues()).toEqual([]);
  });
});

describe("a failure", () => {
  async function claim(sent: Partial<SendItem> = {}) {
    await send("q", sent);
    return only((await at.current.tick("q", [session(1)])).claimed);
  }
  const settle = (items: Parameters<typeof at.current.store.settle>[2]) =>
    at.current.store.settle("q", NO_REQUEST, items);

  test("that is dropped counts as an attempt and removes the message", async () => {
    const claimed = await claim();
    const over = { reason: "TIMEOUT", failure: bytes("f"), note: "test-traffic" } as const;
    const reply = await settle([outcome(claimed, "failDiscard", over)]);
    expect(reply?.results).toMatchObject([{ status: "APPLIED", state: "DISCARDED" }]);
    const { counters, changes, messages } = await at.current.dump("q");
    expect(messages.size).toBe(0);
    expect(counters).toMatchObject({ accepted: 1, discarded: 1, failed_attempts: 1 });
    expect(changes.at(-1)).toMatchObject({ kind: "failed", attempts: 1, note: "test-traffic" });
  });

  test("changes priority and retry settings, each by itself", async () => {
    const claimed = await claim({ priority: 5, retrySettings: bytes("own") });
    await settle([outcome(claimed, "failReschedule", { delayMs: 0, priority: -7 })]);
    const second = only((await at.current.tick("q", [session(1)])).claimed);
    const examine = async (one: typeof second) => {
      const found = await at.current.store.examine("q", NO_REQUEST, [tokenOf(one)]);
      const [facts] = found as { priority: number; retrySettings: Uint8Array }[];
      return [facts?.priority, text(facts?.retrySettings)];
    };
    expect(await examine(second)).toEqual([-7, "own"]);
    const retrySettings = bytes("ruled");
    await settle([outcome(second, "failReschedule", { delayMs: 0, retrySettings })]);
    expect(await examine(only((await at.current.tick("q", [session(1)])).claimed))).toEqual([
      -7,
      "ruled",
    ]);
  });

  test("is examined with its envelope, as many as there are", async () => {
    const size = 1_500_000;
    const sendRequests = ["a", "b", "c", "d", "e"];
    for (const sendRequest of sendRequests)
      await send("q", { envelope: bytes(sendRequest.repeat(size)) });
    const claimed = [];
    while (claimed.length < sendRequests.length) {
      claimed.push(...(await at.current.tick("q", [session(1)])).claimed);
    }
    const tokens = claimed.map(tokenOf);
    const lost = { ...tokens[0], nonce: new Uint8Array(16) } as (typeof tokens)[0];
    const found = await at.current.store.examine("q", NO_REQUEST, [lost, ...tokens], true);
    const envelopes = (found as { envelope?: Uint8Array }[]).map(({ envelope }) => envelope);
    expect(envelopes.map((one) => one?.length)).toEqual([
      undefined,
      ...sendRequests.map(() => size),
    ]);
    expect(envelopes.slice(1).map((one) => text(one?.subarray(0, 1)))).toEqual(sendRequests);
  });
});
