import { expect, onTestFinished, test, vi } from "vitest";
import { SharedCalls } from "../../../src/store/redis/shared-calls.ts";
import { redisCalls } from "../../support/redis-calls.ts";
import { useTestStore } from "../../support/store.ts";
import { item, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const names = Array.from({ length: 300 }, (_, n) => `queue-${n}`);

/** A connection whose calls a test ends, and the bases of each call. */
function connection() {
  const ends: ((replies: unknown[]) => void)[] = [];
  const asked: string[][] = [];
  const call = (bases: string[]) => {
    asked.push(bases);
    return new Promise<unknown[]>((resolve) => ends.push(resolve));
  };
  const calls = new SharedCalls({
    connection: {
      run: async (_name, base) => (await call([base]))[0],
      runMany: (_name, parts) => call(parts.map(({ base }) => base)),
    },
    enter: () => undefined,
    timeoutMs: 1_000,
  });
  return { calls, asked, ends };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("sends to many queues at once share calls, and each is stored", async () => {
  const { store, redis } = at.current;
  const calls = await redisCalls(redis, "evalsha", () =>
    Promise.all(names.map((name) => store.send(name, [item()], SETTINGS))),
  );
  expect(calls).toBeLessThan(20);
  const stats = await store.stats(names);
  expect(stats.filter(({ scheduled }) => scheduled === 1)).toHaveLength(names.length);
});

test("a queue with broken data fails alone", async () => {
  const { store, redis } = at.current;
  await store.send("broken", [item()], SETTINGS);
  const key = at.current.key("broken", ":counters");
  await redis.rename(key, "aside");
  await redis.set(key, "not a hash");
  const sends = ["a", "b", "broken", "c"].map((name) => store.send(name, [item()], SETTINGS));
  const ends = await Promise.allSettled(sends);
  expect(ends.map(({ status }) => status)).toEqual([
    ...["fulfilled", "fulfilled", "rejected", "fulfilled"],
  ]);
  await redis.rename("aside", key);
});

test("large claims of many queues go in several calls", async () => {
  const { store } = at.current;
  const some = names.slice(0, 12);
  const items = Array.from({ length: 100 }, () => item());
  await Promise.all(some.map((name) => store.send(name, items, SETTINGS)));
  const replies = await Promise.all(
    some.map((name, n) => at.current.tick(name, [session(n + 1, { count: 100 })])),
  );
  expect(replies.map(({ claimed }) => claimed.length)).toEqual(some.map(() => 100));
});

test("a single call is not delayed, and those behind it go together", async () => {
  const { calls, asked, ends } = connection();
  const results = ["a", "b", "c", "d"].map((base) => calls.run("send", base, []));
  expect(asked).toEqual([["a"]]);
  await nextTurn();
  expect(asked).toEqual([["a"], ["b", "c", "d"]]);
  const late = ["e", "f"].map((base) => calls.run("send", base, []));
  await nextTurn();
  expect(asked).toHaveLength(2);
  ends[0]?.(["1"]);
  await vi.waitFor(() => expect(asked[2]).toEqual(["e", "f"]));
  const ended = Promise.allSettled([...results, ...late]);
  // What was not run goes again; an error is of its queue only.
  ends[1]?.(["2", new Error("broken"), null]);
  await vi.waitFor(() => expect(asked[3]).toEqual(["d"]));
  ends[3]?.(["4"]);
  ends[2]?.(["5", "6"]);
  expect((await ended).map((end) => (end.status === "fulfilled" ? end.value : "failed"))).toEqual([
    ...["1", "2", "failed", "4", "5", "6"],
  ]);
});

test("a call that waits for others has one deadline, also after it was sent", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { calls, asked, ends } = connection();
  for (const base of ["a", "b"]) {
    calls.run("send", base, []).catch(() => {});
    await nextTurn();
  }
  const errors: string[] = [];
  const run = (base: string) =>
    calls.run("send", base, []).catch(({ kind }) => errors.push(`${base} ${kind}`));
  const [sent, left] = [run("sent"), run("left")];
  await vi.advanceTimersByTimeAsync(600);
  ends[0]?.(["1"]);
  await vi.waitFor(() => expect(asked[2]).toEqual(["sent", "left"]));
  // It is left for another call, which does not begin in time.
  ends[2]?.(["3", null]);
  await sent;
  await vi.advanceTimersByTimeAsync(400);
  await left;
  expect(errors).toEqual(["left STORE_UNAVAILABLE"]);
  const again = run("again");
  await vi.advanceTimersByTimeAsync(1_000);
  await again;
  expect(errors).toHaveLength(2);
  ends[1]?.(["2"]);
  await nextTurn();
  expect(asked.slice(3).flat()).not.toContain("again");
});

test("a call that fails fails all of its parts", async () => {
  const lost = () => Promise.reject(new Error("lost"));
  const failing = new SharedCalls({
    connection: { run: lost, runMany: lost },
    enter: () => undefined,
    timeoutMs: 60_000,
  });
  const ends = await Promise.allSettled(
    ["a", "b", "c"].map((base) => failing.run("settle", base, [])),
  );
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
});

test("scripts that may take long go alone", async () => {
  const { calls, asked } = connection();
  for (const base of ["a", "b", "c"]) void calls.run("retry", base, []);
  expect(asked).toEqual([["a"], ["b"], ["c"]]);
});
