// After the upgrade from layout 3, messages, limits and what is half done go on as before.

import { beforeEach, expect, test } from "vitest";
import {
  type DeliverySettings,
  NO_DELIVERY_SETTINGS,
} from "../../../../src/core/delivery-settings.ts";
import { decodeLeaseToken, type LeaseTokenParts } from "../../../../src/core/lease-token.ts";
import type { Claimed, MovingMessage } from "../../../../src/store/contract.ts";
import { BREAKER } from "../../../support/key-queue-steps.ts";
import { useTestStore } from "../../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  SETTINGS,
  session,
  text,
  toRetry,
} from "../../../support/store-items.ts";
import { becomeFixture, readFixture } from "../layouts/fixture.ts";

const LAYOUT_3 = readFixture("layout-3");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = useTestStore();

beforeEach(async () => {
  await becomeFixture(at.current, LAYOUT_3);
  expect(await at.current.store.open()).toContainEqual(expect.stringMatching(/from layout 3 to 4/));
});

const claim = async (queue: string, count = 100) =>
  (await at.current.tick(queue, [session(1, { count, leaseMs: HOUR_MS })])).claimed;
/** The names that the writer of the fixture gave to messages. */
const names = (claims: readonly Claimed[]) =>
  claims.map(({ envelope }) => /"name":"([^"]*)"/.exec(text(envelope) ?? "")?.[1]);
const useSettings = (over: Partial<DeliverySettings>) => {
  at.current.deliverySettings = { ...NO_DELIVERY_SETTINGS, ...over };
};
const messages = async (queue: string) => [...(await at.current.dump(queue)).messages.values()];
const send = async (queue: string, over: Parameters<typeof item>[0]) =>
  only(await at.current.store.send(queue, [item(over)], SETTINGS));

function lease(name: "settled" | "lost"): LeaseTokenParts {
  const token = decodeLeaseToken(LAYOUT_3.known[name]);
  if (token === undefined) throw new Error("no lease token");
  return token;
}

test("a lease of a dead server is settled by its token; another one ends, and its message is delivered again", async () => {
  const { store, clock } = at.current;
  const token = lease("settled");
  const reply = await store.settle("in-flight", NO_REQUEST, [{ token, kind: "succeed" }]);
  expect(reply?.results).toMatchObject([{ status: "APPLIED", state: "SUCCEEDED" }]);
  expect(await claim("in-flight")).toEqual([]);
  const session3 = await store.leases("in-flight", await holderOf("in-flight"));
  expect(session3.map(({ id }) => hex(id))).toEqual([hex(lease("lost").messageId)]);
  await clock.advance(12 * HOUR_MS);
  const { lost } = await at.current.tick("in-flight");
  expect(lost.map(({ id }) => hex(id))).toEqual([hex(lease("lost").messageId)]);
  expect(await claim("in-flight")).toMatchObject([{ deliveryNumber: 2, outcomeUnknown: true }]);
});

async function holderOf(queue: string): Promise<Uint8Array> {
  const sessions = Object.keys((await at.current.dump(queue)).sessions);
  return Uint8Array.from(Buffer.from(only(sessions), "hex"));
}

test("repeats are found: requests of sends and acks, dedup keys, send numbers, sources", async () => {
  const { store } = at.current;
  const { repeated, joined } = LAYOUT_3.known;
  const again = await send("repeats", { requestId: "request-1" });
  expect(again).toMatchObject({
    repeated: true,
    id: Uint8Array.from(Buffer.from(repeated, "hex")),
  });
  const join = await send("repeats", { dedupKey: "{x}:y\n\u00e9" });
  expect(join).toMatchObject({ joined: true, id: Uint8Array.from(Buffer.from(joined, "hex")) });
  expect(await send("repeats", { sourceId: "source" })).toMatchObject({
    quarantineReason: "POISON",
  });
  const acked = await store.settle("repeats", bytes("request of an ack"), []);
  expect(acked).toMatchObject({ repeated: true, results: [{ state: "QUARANTINED" }] });
  const client = bytes("client of test..");
  for (const number of [1, 3, 139]) {
    expect(await send("gaps", { number: { client, number } })).toMatchObject({
      status: "duplicate",
    });
  }
  expect(await send("gaps", { number: { client, number: 2 } })).toMatchObject({ status: "stored" });
  expect(await send("orders", { number: { client, number: 1 } })).toMatchObject({
    status: "duplicate",
  });
});

test("messages are claimed by priority, in order, and isolated, as before", async () => {
  expect(names(await claim("priorities"))).toEqual(["high", "usual", "low"]);
  useSettings({ ordering: "key" });
  expect(names(await claim("ordered"))).toEqual(["first"]);
  useSettings({ ordering: "hold", orderingHoldMaxAgeMs: 7 * DAY_MS });
  expect(await claim("held")).toEqual([]);
  expect(await at.current.store.deliveryBlocks.releaseOrder("held", "}:workers")).toBeDefined();
  expect(names(await claim("held"))).toEqual(["second"]);
  useSettings({});
  await at.current.clock.advance(2_000);
  expect(await claim("isolated")).toMatchObject([{ isolated: true }]);
});

test("open breakers, limits by key, rates and budgets still block", async () => {
  const { store, clock } = at.current;
  useSettings({ rate: { perSecond: 0.001, burst: 1 } });
  expect(await claim("rate")).toEqual([]);
  useSettings({ retryBudget: { ratio: 0.01, minPerSecond: 0 } });
  await clock.advance(60_000);
  expect(await claim("budget")).toEqual([]);
  useSettings({ breaker: { ...BREAKER, openMs: DAY_MS, maxOpenMs: DAY_MS } });
  expect(await claim("breaker")).toEqual([]);
  expect(await store.deliveryBlocks.breakers("breaker")).toMatchObject([
    { key: "", state: "OPEN", openedCount: 1 },
  ]);
  await store.deliveryBlocks.resetBreaker("breaker", "");
  await clock.advance(DAY_MS / 24);
  expect(names(await claim("breaker"))).toHaveLength(3);

  useSettings({
    ...{ keyAttribute: "host", keyMaxInFlight: 1, keyRate: { perSecond: 0.001, burst: 2 } },
    breaker: { ...BREAKER, scope: "key", openMs: DAY_MS, maxOpenMs: DAY_MS },
  });
  expect(await claim("limits")).toEqual([]);
  expect(await store.deliveryBlocks.breakers("limits")).toMatchObject([
    { key: "b", state: "OPEN" },
  ]);
});

test("moves end once, by what the target has decided", async () => {
  const { store } = at.current;
  const before = (await messages("moved-in")).length;
  const moving = await store.moves.pending("moving", { olderThanMs: 0 });
  expect(moving.map(({ envelope }) => text(envelope)).toSorted()).toEqual([
    "received",
    "refused",
    "started",
  ]);
  const receive = (message: MovingMessage) =>
    store.moves.receive(
      "moved-in",
      "moving",
      [{ message, limiterKey: "", orderingKey: "" }],
      SETTINGS,
    );
  for (const message of moving) {
    const isRefused = text(message.envelope) === "refused";
    expect(await receive(message)).toEqual([isRefused ? "FULL_MESSAGES" : "RECEIVED"]);
    await store.moves.end("moving", [{ message, received: !isRefused }]);
  }
  expect(await messages("moved-in")).toHaveLength(before + 1);
  expect(await messages("moving")).toMatchObject([{ envelope: "refused", moving: false }]);
});

test("a deletion goes on", async () => {
  const { store } = at.current;
  const { deleting } = await at.current.tick("deleting");
  expect(deleting).toBe(true);
  expect(await send("deleting", {})).toEqual({ status: "deleting" });
  expect(await store.deletion.purge("deleting")).toBe("removed");
  expect(await store.deletion.purge("deleting")).toBe("empty");
  await store.deletion.remove("deleting");
  expect(await store.hasQueue("deleting")).toBe(false);
});

test("lives, postponed lives and retentions end when they are over", async () => {
  const { clock } = at.current;
  expect((await at.current.tick("postponed")).ended).toEqual([]);
  await clock.advance(HOUR_MS);
  expect((await at.current.tick("postponed")).ended).toMatchObject([{ cause: "expired" }]);
  const settings = { quarantineRetentionMs: 2 * DAY_MS };
  expect((await at.current.tick("kept", [], settings)).ended).toEqual([]);
  await clock.advance(2 * DAY_MS);
  expect((await at.current.tick("kept", [], settings)).ended).toMatchObject([
    { cause: "retention" },
  ]);
  const { ended } = await at.current.tick("orders");
  expect(ended.length).toBeGreaterThan(1);
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["QUARANTINED"]));
});

test("edits, histories and imported failures are delivered, also after a retry", async () => {
  const { store } = at.current;
  const ids = [...(await at.current.dump("orders")).messages]
    .filter(([, { state }]) => state === "QUARANTINED")
    .map(([id]) => Uint8Array.from(Buffer.from(id, "hex")));
  await store.messages.retry("orders", NO_REQUEST, toRetry(ids));
  expect(names(await claim("orders")).toSorted()).toContain("quarantined");
  const fails = (await messages("orders")).filter(({ failures }) => failures > 1);
  expect(fails.map(({ attempts }) => attempts).toSorted()).toEqual([2, 3]);
  const edited = await claim("edited");
  for (const { edits } of edited) expect(text(edits)).toMatch(/"edited":/);
});

test("queues with any allowed name go on", async () => {
  const all = await at.current.store.queues();
  const odd = all.filter((name) =>
    /^(-|\.|_\.-9|0|1c\.0b|meta|queues|version|Due|n{128})$/.test(name),
  );
  expect(odd).toHaveLength(10);
  for (const queue of odd) {
    expect(await send(queue, {})).toMatchObject({ status: "stored" });
    expect(await claim(queue)).toHaveLength(2);
    const [stats] = await at.current.store.stats([queue]);
    expect(stats).toMatchObject({ scheduled: 1, inFlight: 2 });
  }
});

test("settings of queues and rules stay", () => {
  const { configs, deployment } = at.current.store;
  expect([...configs.names()].length).toBeGreaterThan(0);
  expect([...deployment.names()]).toEqual(["rules"]);
});
