// How servers find out which of their sessions are quiet.

import { afterEach, expect, test } from "vitest";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import type { Loop } from "../../src/loops/interval.ts";
import { startReconciler } from "../../src/loops/reconciler.ts";
import { globalKeys } from "../../src/store/redis/keys.ts";
import type { RedisStore } from "../../src/store/redis/redis-store.ts";
import { redisCalls } from "../support/redis-calls.ts";
import { until, useTestStore } from "../support/store.ts";
import { sessionId } from "../support/store-items.ts";

const at = useTestStore();
const ID = formatMessageId(sessionId(1));
/** Longer than a test. */
const NO_TURN_MS = 600_000;
const TURN_MS = 2;

let loop: Loop | undefined;
afterEach(() => loop?.stop());

/** A server with these sessions, of which only the reconciler runs. */
function reconciling(
  store: RedisStore,
  everyMs: number,
  hints: Partial<RedisStore["hints"]> = {},
  ids: readonly number[] = [1],
) {
  const registry = new SessionRegistry(store.hints);
  const sessions = ids.map((n) => {
    const session = new Session({
      ...{ idText: formatMessageId(sessionId(n)), id: sessionId(n), workerId: "w" },
      ...{ queues: ["q"], maxInFlight: 10, maxInFlightBytes: 1 << 20, leaseMs: undefined },
    });
    registry.claim(session);
    return session;
  });
  const own = {
    onCredit() {},
    onTakeover() {},
    onQuiet() {},
    onReconnect() {},
    ...hints,
  };
  const { quietSessions } = store;
  const lines: object[] = [];
  loop = startReconciler(
    { leases: async () => [], quietSessions, hints: own as RedisStore["hints"] },
    registry,
    { info: (facts, message) => lines.push({ ...facts, message }) },
    everyMs,
  );
  return { sessions, registry, lines };
}

const becomes = (quiet: boolean, { sessions: [session] }: { sessions: Session[] }) =>
  until(`quiet ${quiet}`, () => session?.quiet === quiet || undefined);

test("a hint makes a session quiet, and lets it take messages again", async () => {
  const { store } = at.current;
  const other = at.current.openStore();
  await new Promise<void>((resolve) => other.hints.onReconnect(resolve));
  await until("the connection", () => other.ready || undefined);
  const onQuiet = (listener: (id: string) => void) => other.hints.onQuiet(listener);
  const server = reconciling(other, NO_TURN_MS, { onQuiet });
  await store.quietSessions.add(ID, "ann");
  store.hints.announceQuiet(ID);
  await becomes(true, server);
  await store.quietSessions.remove(ID);
  store.hints.announceQuiet(ID);
  await becomes(false, server);
});

test("a lost hint is made up for by a later turn", async () => {
  const { store } = at.current;
  const server = reconciling(store, TURN_MS);
  await store.quietSessions.add(ID, "ann");
  await becomes(true, server);
  await store.quietSessions.remove(ID);
  await becomes(false, server);
});

test("hints that were lost with their connection are made up for when it is back", async () => {
  const { store } = at.current;
  let reconnected = () => {};
  const onReconnect = (listener: () => void) => {
    reconnected = listener;
  };
  const server = reconciling(store, NO_TURN_MS, { onReconnect });
  await store.quietSessions.add(ID, "ann");
  reconnected();
  await becomes(true, server);
});

test("a damaged key leaves sessions as they are", async () => {
  const { store, redis, prefix } = at.current;
  await store.quietSessions.add(ID, "ann");
  const server = reconciling(store, TURN_MS, {}, [1, 2]);
  await becomes(true, server);
  await redis.set(globalKeys(prefix).quietSessions, "of the wrong type");
  await turns(server);
  expect(server.sessions.map(({ quiet }) => quiet)).toEqual([true, false]);
});

test("without sessions nothing is read", async () => {
  const { store, redis } = at.current;
  const server = reconciling(store, TURN_MS, {}, []);
  expect(await redisCalls(redis, "eval", () => turns(server))).toBe(0);
});

/** Resolves after more turns than pass between two reads. */
async function turns({ registry }: { registry: SessionRegistry }): Promise<void> {
  let count = 0;
  const all = registry.all.bind(registry);
  registry.all = () => {
    count++;
    return all();
  };
  await until("more turns", () => count > 30 || undefined);
}

test("the log says when a worker is no longer quiet, also if the store has lost that it was", async () => {
  const { store, redis, prefix } = at.current;
  await store.quietSessions.add(ID, "ann");
  const server = reconciling(store, TURN_MS);
  await becomes(true, server);
  await redis.del(globalKeys(prefix).quietSessions);
  await becomes(false, server);
  const facts = { session: ID.slice(0, 8), worker: "w" };
  await until("both lines", () => server.lines.length >= 2 || undefined);
  expect(server.lines).toEqual([
    { ...facts, message: "worker is quiet" },
    { ...facts, message: "worker is no longer quiet" },
  ]);
});
