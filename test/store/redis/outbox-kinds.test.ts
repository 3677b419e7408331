import { expect, test } from "vitest";
import { useTestStore } from "../../support/store.ts";
import {
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const SCHEDULED = 1;
const QUARANTINED = 3;
const DISCARDED = 5;
const EXPIRED = 6;

const send = async (over: Parameters<typeof item>[0] = {}, settings = SETTINGS) =>
  only(await at.current.store.send(QUEUE, [item(over)], settings));
const claim = async () => (await at.current.tick(QUEUE, [session(1)])).claimed;
const changes = async () =>
  (await at.current.dump(QUEUE)).changes.map(({ kind, state }) => [kind, state]);
/** The last change. */
const last = async () => (await changes()).at(-1);

test("a message that goes to quarantine at once was sent", async () => {
  await send({ quarantineReason: "PRODUCER_REQUEST" });
  expect(await changes()).toEqual([["sent", QUARANTINED]]);
});

test.each([
  ["failReschedule", ["failed", SCHEDULED]],
  ["failQuarantine", ["failed", QUARANTINED]],
  ["failDiscard", ["failed", DISCARDED]],
  ["quarantine", ["quarantined", QUARANTINED]],
  ["discard", ["discarded", DISCARDED]],
] as const)("the outcome %s writes what happened, and the state after it", async (kind, change) => {
  await send();
  const claimed = only(await claim());
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, kind)]);
  expect(await last()).toEqual(change);
});

test.each([
  ["quarantine", QUARANTINED],
  ["discard", EXPIRED],
] as const)("a life that ends by %s has expired", async (ttlAction, state) => {
  await send({ ttlMs: 1_000 });
  await at.current.clock.advance(1_000);
  await at.current.tick(QUEUE, [], { ttlAction });
  expect((await changes()).slice(1)).toEqual([["expired_ttl", state]]);
});

test("a message that leaves quarantine at its retention has expired", async () => {
  await send({ quarantineReason: "PRODUCER_REQUEST" });
  await at.current.clock.advance(1_000);
  await at.current.tick(QUEUE, [], { quarantineRetentionMs: 1_000 });
  expect(await last()).toEqual(["expired_retention", EXPIRED]);
});

test("a lease that ends has the state after it, also in a crash loop", async () => {
  await send();
  for (const [, state] of [...Array(4).fill(SCHEDULED), QUARANTINED].entries()) {
    await claim();
    await at.current.clock.advance(30_000);
    // Without a session, so that nothing is claimed again.
    await at.current.tick(QUEUE, []);
    expect(await last()).toEqual(["expired_lease", state]);
  }
});

test("a send that brings the message that it joins into quarantine adds a change, once", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  for (let n = 0; n < 3; n++) await send({ sourceId: "s", dedupKey: "k" }, settings);
  expect(await changes()).toEqual([
    ["sent", SCHEDULED],
    ["joined", QUARANTINED],
    ["quarantined", QUARANTINED],
    ["joined", QUARANTINED],
  ]);
});

test("a message that succeeds after it was poisoned in flight is in quarantine", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  const reply = await send({ sourceId: "s", dedupKey: "k" }, settings);
  const claimed = only(await claim());
  await send({ sourceId: "s", dedupKey: "k" }, settings);
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "succeed")]);
  expect(await last()).toEqual(["succeeded", QUARANTINED]);
  if (reply.status !== "stored") throw new Error("not stored");
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([reply.id]));
  expect(await last()).toEqual(["retried", SCHEDULED]);
});
