import { beforeEach, describe, expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { HOUR_MS } from "../../../src/core/time-units.ts";
import type { SessionRecord } from "../../../src/store/contract.ts";
import { globalKeys, QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { storeNowMs } from "../../../src/store/redis/store-now.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS, sessionId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const [FIRST, SECOND] = [1, 2].map((n) => formatMessageId(sessionId(n))) as [string, string];
const KEPT_MS = 13 * HOUR_MS;

const quiet = () => at.current.store.quietSessions;
const kept = async () => [...(await quiet().keep([FIRST, SECOND]))];
const key = () => globalKeys(at.current.prefix).quietSessions;
const entries = () => at.current.redis.hgetall(key());
/** Sets in how many milliseconds a session is no longer quiet. */
const endIn = async (session: string, ms: number, by = "ann") => {
  const { redis } = at.current;
  await redis.hset(key(), session, `${(await storeNowMs(redis)) + ms}\n${by}`);
};

describe("quiet sessions", () => {
  test("are those that were made so, until that is taken back", async () => {
    expect(await kept()).toEqual([]);
    expect(await quiet().add(FIRST, "ann")).toBe(true);
    expect(await quiet().add(FIRST, "bob")).toBe(false);
    expect(await kept()).toEqual([FIRST]);
    expect(await quiet().add(SECOND, "")).toBe(true);
    expect(await quiet().remove(FIRST)).toBe(true);
    expect(await quiet().remove(FIRST)).toBe(false);
    expect(await kept()).toEqual([SECOND]);
  });

  test("are the same for all servers", async () => {
    await quiet().add(FIRST, "ann");
    const other = at.current.openStore();
    await until("the connection", () => other.ready || undefined);
    expect([...(await other.quietSessions.keep([FIRST]))]).toEqual([FIRST]);
  });

  test("are forgotten when their time has ended", async () => {
    await endIn(FIRST, -1);
    await endIn(SECOND, 60_000);
    expect(await kept()).toEqual([SECOND]);
    expect(await quiet().remove(FIRST)).toBe(false);
    await endIn(FIRST, -1);
    await quiet().add(SECOND, "ann");
    expect(Object.keys(await entries())).toEqual([SECOND]);
    expect(await at.current.redis.pttl(key())).toBeGreaterThan(KEPT_MS - 60_000);
  });

  test("are kept for as long as their streams are open", async () => {
    await quiet().add(SECOND, "bob");
    const young = (await entries())[SECOND];
    await endIn(FIRST, KEPT_MS - 2 * HOUR_MS);
    expect((await kept()).toSorted()).toEqual([FIRST, SECOND].toSorted());
    const after = await entries();
    const [end = "", by] = (after[FIRST] ?? "").split("\n");
    expect(Number(end)).toBeGreaterThan((await storeNowMs(at.current.redis)) + KEPT_MS - 60_000);
    expect(by).toBe("ann");
    // Not written again at each read.
    expect(after[SECOND]).toBe(young);
  });

  test("are at most 10,000", async () => {
    const { redis } = at.current;
    const end = `${(await storeNowMs(redis)) + 60_000}\n`;
    const others = Array.from({ length: 10_000 }, (_, n) => [`other-${n}`, end]);
    await redis.hset(key(), Object.fromEntries(others));
    await expect(quiet().add(FIRST, "ann")).rejects.toMatchObject({ kind: "LIMIT" });
    await endIn("other-7", -1);
    expect(await quiet().add(FIRST, "ann")).toBe(true);
    expect(await quiet().add(FIRST, "ann")).toBe(false);
    await expect(quiet().add(SECOND, "ann")).rejects.toMatchObject({ kind: "LIMIT" });
  });

  test("are found among many", async () => {
    await quiet().add(FIRST, "ann");
    const others = Array.from({ length: 2_500 }, (_, n) => `other-${n}`);
    expect([...(await quiet().keep([...others, FIRST]))]).toEqual([FIRST]);
  });
});

describe("a stream that is quiet", () => {
  const record = (n: number): SessionRecord => ({
    ...{ sessionId: formatMessageId(sessionId(n)), queues: [QUEUE], maxInFlight: 10 },
    workerId: `billing-${n}`,
  });
  beforeEach(async () => {
    const { store } = at.current;
    await store.send(QUEUE, [item()], SETTINGS);
    await store.signOfLife();
    await store.registerSession(record(1));
    await store.registerSession(record(2));
  });
  const stored = () =>
    at.current.redis.hget(at.current.key(QUEUE, QUEUE_KEYS.workers), Buffer.from(sessionId(1)));
  const counts = async () => {
    const { workers, quietWorkers, freeCredit } = only(await at.current.store.stats([QUEUE]));
    const [sizes] = await at.current.store.sizes([QUEUE]);
    return { workers, quietWorkers, freeCredit, metric: sizes?.workers };
  };

  test("does not count as a worker, and its room does not count", async () => {
    const { store } = at.current;
    expect(await counts()).toEqual({ workers: 2, quietWorkers: 0, freeCredit: 20, metric: 2 });
    await store.quietSessions.show(FIRST, true);
    expect(await counts()).toEqual({ workers: 1, quietWorkers: 1, freeCredit: 10, metric: 1 });
    expect(await store.workers(QUEUE)).toContainEqual(
      expect.objectContaining({
        workerId: "billing-1",
        maxInFlight: 10,
        quiet: true,
        isOpen: true,
      }),
    );
    await store.quietSessions.show(FIRST, false);
    expect(await counts()).toEqual({ workers: 2, quietWorkers: 0, freeCredit: 20, metric: 2 });
  });

  test("has an entry that older servers read as one without room", async () => {
    await at.current.store.quietSessions.show(FIRST, true);
    const [node, maxInFlight, worker] = ((await stored()) ?? "").split("\n");
    expect([node, Number(maxInFlight), worker]).toEqual(["node-1", 0, "billing-1"]);
  });

  test("is shown with the next sign of life if the write fails", async () => {
    const { store, redis } = at.current;
    const workers = at.current.key(QUEUE, QUEUE_KEYS.workers);
    const key = globalKeys(at.current.prefix).session(FIRST);
    const [queues, entry] = [await redis.get(key), await stored()];
    await redis.del(key);
    await redis.hset(key, "of the", "wrong type");
    await store.quietSessions.show(FIRST, true);
    expect(await stored()).toBe(entry);
    await expect(store.signOfLife()).rejects.toThrow();
    await redis.set(key, queues ?? "");
    await store.signOfLife();
    expect(await stored()).not.toBe(entry);
    expect(await redis.hlen(workers)).toBe(2);
  });

  test("is not so because an earlier stream of its session was", async () => {
    const { store } = at.current;
    await store.quietSessions.show(FIRST, true);
    await store.registerSession(record(1));
    expect(await counts()).toMatchObject({ workers: 2, quietWorkers: 0 });
  });

  test("stays so for queues that are created later, and after a loss of the entries", async () => {
    const { store, redis } = at.current;
    await store.registerSession({ ...record(1), queues: [QUEUE, "later"] });
    await store.quietSessions.show(FIRST, true);
    await store.send("later", [item()], SETTINGS);
    await store.registerWorkers("later");
    expect(await store.workers("later")).toMatchObject([{ quiet: true }]);
    await redis.del(at.current.key(QUEUE, QUEUE_KEYS.workers));
    await redis.zrem(`${at.current.prefix}:nodes`, "node-1");
    await store.signOfLife();
    expect(await counts()).toMatchObject({ workers: 1, quietWorkers: 1 });
  });
});
