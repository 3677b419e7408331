import { expect, test } from "vitest";
import { retentionOf } from "../../../src/core/retention.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import type { Claimed } from "../../../src/store/contract.ts";
import { QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { useTestStore } from "../../support/store.ts";
import {
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

/** Keys that only key queues, ordering, breakers, edits, moves and deleted messages use. */
const RARE = [
  ...([
    "keyQueues",
    "priorities",
    "keyQueue",
    "indirect",
    "limiters",
    "blocked",
    "bucket",
    "inFlightByKey",
  ] as const),
  ...(["breaker", "breakers", "order", "turns", "holds", "movedIn", "moving", "edits"] as const),
  ...(["deleted", "deletedFacts"] as const),
];

/** The keys that scripts use during a call. */
async function keysNamedBy(run: () => Promise<unknown>): Promise<string[]> {
  const monitor = await at.current.redis.monitor();
  const keys: string[] = [];
  try {
    const last = Promise.withResolvers<void>();
    monitor.on("monitor", (_time: string, [, key = ""]: string[], source: string) => {
      if (source === "lua") keys.push(key);
      if (key === "that was all") last.resolve();
    });
    await run();
    await at.current.redis.echo("that was all");
    await last.promise;
  } finally {
    monitor.disconnect();
  }
  return keys;
}

/** Sends three messages; each of them ends in another way. */
async function deliverThree(): Promise<Uint8Array> {
  const { store } = at.current;
  await store.send(QUEUE, [item(), item(), item()], SETTINGS);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  await store.examine(QUEUE, NO_REQUEST, claimed.map(tokenOf));
  const [first, second, third] = claimed;
  if (first === undefined || second === undefined || third === undefined) throw new Error("few");
  const outcomes = [
    outcome(first, "succeed"),
    outcome(second, "failReschedule"),
    outcome(third, "failQuarantine"),
  ];
  // The default: discarded messages are kept, and those that succeed are not.
  await store.settle(QUEUE, NO_REQUEST, outcomes, retentionOf(DEFAULT_QUEUE_SETTINGS));
  return third.id;
}

test("sends, claims and outcomes cost no access to timelines", async () => {
  const keys = await keysNamedBy(deliverThree);
  const timelines = at.current.key(QUEUE, QUEUE_KEYS.timeline);
  expect(keys.filter((key) => key.startsWith(timelines))).toEqual([]);
});

test("a plain queue costs no access to keys of key queues, order, breakers, edits, moves and deleted messages", async () => {
  const { store } = at.current;
  const keys = await keysNamedBy(async () => {
    const id = await deliverThree();
    await store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  });
  expect(keys).toContain(at.current.key(QUEUE, QUEUE_KEYS.due));
  const rare = RARE.map((name) => at.current.key(QUEUE, QUEUE_KEYS[name]));
  expect(keys.filter((key) => rare.some((start) => key.startsWith(start)))).toEqual([]);
});

test("event fields cost one access a message and call, and nothing where a message has none", async () => {
  const { store } = at.current;
  const events = at.current.key(QUEUE, QUEUE_KEYS.eventFields);
  const accesses = async (run: () => Promise<unknown>) =>
    (await keysNamedBy(run)).filter((key) => key.startsWith(events)).length;
  expect(await accesses(deliverThree)).toBe(0);

  await store.send(QUEUE, [item({ eventFields: Buffer.from("fields") })], SETTINGS);
  let claimed: readonly Claimed[] = [];
  const claim = async () => {
    claimed = (await at.current.tick(QUEUE, [session(1)])).claimed;
  };
  expect(await accesses(claim)).toBe(0);
  // An edit and a failure: two changes.
  const edit = { edits: Buffer.from("edits"), payloadBytes: 5, grown: 5 };
  const failed = claimed.map((one) => outcome(one, "failReschedule", { edit }));
  expect(await accesses(() => store.settle(QUEUE, NO_REQUEST, failed))).toBe(1);
});
