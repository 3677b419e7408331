import { afterEach, expect, test } from "vitest";
import type { DueDelivery } from "../../src/core/message.ts";
import { startNode } from "../support/delivery.ts";
import { until, useTestStore } from "../support/store.ts";
import { item, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function openNode() {
  const store = at.current.openStore({ clock: "store" });
  await until("the connection", () => store.ready || undefined);
  const node = startNode(store);
  cleanUp.push(() => node.stop());
  return { ...node, store };
}

const large = (bytes: number) => item({ envelope: new Uint8Array(bytes) });
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Messages whose lease has expired twice: each is delivered alone. */
async function makeIsolated(store: Awaited<ReturnType<typeof openNode>>["store"], n: number) {
  await store.send(
    "q",
    Array.from({ length: n }, () => item()),
    SETTINGS,
  );
  const settings = { ttlAction: "quarantine" as const, quarantineRetentionMs: 0 };
  let claimNumber = 0;
  await until("isolated messages", async () => {
    const sessions = [session(9, { count: n, leaseMs: 1, canIsolate: false })];
    const reply = await store.tick("q", { claimNumber: ++claimNumber, sessions, settings });
    const [snapshot] = await store.stats(["q"]);
    return (reply.leasesOut === 0 && snapshot?.isolatedDue === n) || undefined;
  });
}

test("room that an ack on another server frees is used, whether the stream was full or not", async () => {
  const [a, b] = [await openNode(), await openNode()];
  const got: DueDelivery[] = [];
  cleanUp.push(a.work({ maxInFlightBytes: 1_000 }, (delivery) => got.push(delivery)));
  await a.store.send("q", [large(500)], SETTINGS);
  await until("the first", () => got.length === 1 || undefined);
  await b.succeed(got[0] as DueDelivery);
  await a.store.send("q", [large(900)], SETTINGS);
  await until("the second", () => got.length === 2 || undefined);
});

test("a message that waits for bytes is delivered when they are free, also if the stream is not empty", async () => {
  const node = await openNode();
  const got: DueDelivery[] = [];
  await node.store.send(
    "q",
    Array.from({ length: 4 }, () => large(400)),
    SETTINGS,
  );
  cleanUp.push(node.work({ maxInFlightBytes: 1_000 }, (delivery) => got.push(delivery)));
  // Each frees the bytes of one message while the stream holds another one.
  for (const held of [2, 3, 4]) {
    await until(`${held} deliveries`, () => got.length === held || undefined);
    await node.succeed(got[held - 2] as DueDelivery);
  }
});

test("a message larger than the stream's bytes is delivered while another queue is busy", async () => {
  const node = await openNode();
  let big = 0;
  let busy = 0;
  const send = () => node.store.send("busy", [large(100)], SETTINGS);
  const refill = (delivery: DueDelivery) => {
    if (delivery.queue === "big") big++;
    else busy++;
    void node.succeed(delivery);
    if (delivery.queue === "busy") void send();
  };
  await Promise.all(Array.from({ length: 50 }, send));
  cleanUp.push(node.work({ queues: ["busy", "big"], maxInFlightBytes: 1_000 }, refill));
  await until("a busy stream", () => busy > 20 || undefined);
  await node.store.send("big", [large(5_000), large(100)], SETTINGS);
  await until("both of the other queue", () => big === 2 || undefined);
  const before = busy;
  await until("the busy queue to go on", () => busy > before + 20 || undefined);
});

test("isolated messages take turns with others", async () => {
  const node = await openNode();
  await makeIsolated(node.store, 6);
  await node.store.send("q", [item(), item(), item()], SETTINGS);
  const order: string[] = [];
  const work = (delivery: DueDelivery) => {
    order.push(delivery.outcomeUnknown ? "isolated" : "fresh");
    void node.succeed(delivery);
  };
  cleanUp.push(node.work({ maxInFlight: 1 }, work));
  await until("all", () => order.length === 9 || undefined);
  expect(order.slice(0, 6).filter((kind) => kind === "fresh").length).toBeGreaterThanOrEqual(2);
  expect(order.filter((kind) => kind === "isolated")).toHaveLength(6);
});

test("an isolated message is alone on its stream, and other streams continue", async () => {
  const node = await openNode();
  await makeIsolated(node.store, 1);
  const held: DueDelivery[][] = [[], []];
  const workers = held.map((mine) => (delivery: DueDelivery) => mine.push(delivery));
  for (const onDelivery of workers) cleanUp.push(node.work({ maxInFlight: 3 }, onDelivery));
  await until("the isolated message", () => held.flat().length === 1 || undefined);
  await node.store.send("q", [item(), item(), item(), item()], SETTINGS);
  await until("three on the other stream", () => held.flat().length === 4 || undefined);
  for (let turn = 0; turn < 50; turn++) await pause();
  expect(held.map((mine) => mine.length).sort()).toEqual([1, 3]);
  const isolated = held.find((mine) => mine.length === 1)?.[0] as DueDelivery;
  expect(isolated.outcomeUnknown).toBe(true);
  await node.succeed(isolated);
  await until(
    "the fourth, when the isolated message is done",
    () => held.flat().length === 5 || undefined,
  );
});
