import { ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connectionAging } from "../../src/rpc/stream-due.ts";
import { Watches } from "../../src/rpc/watch-calls.ts";
import { reasonOf } from "./in-memory.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const draining = new AbortController();

/** A call, and its watch: it yields numbers until it is ended. */
function opened(watches: Watches, bytes = 1) {
  const state = { isEnded: false };
  async function* numbers(signal: AbortSignal) {
    try {
      for (let n = 0; !signal.aborted; n++) yield n;
    } finally {
      state.isEnded = true;
    }
  }
  const call = new AbortController();
  const connection = new AbortController();
  const values = createContextValues().set(connectionAging, connection.signal);
  const context = { signal: call.signal, values } as HandlerContext;
  return { steps: watches.run(numbers, context, () => bytes), state, call, connection };
}

test("a watch that is not read ends, and frees what it has", async () => {
  const { steps, state } = opened(new Watches(draining.signal, { ms: 1_000 }));
  expect(await steps.next()).toMatchObject({ value: 0 });
  await vi.advanceTimersByTimeAsync(999);
  expect(state.isEnded).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.isEnded).toBe(true);
  await expect(steps.next()).rejects.toThrow("nothing was read for 1000 ms; call again");
});

test("the watches that have been unread for longest end when too much is unread", async () => {
  const watches = new Watches(draining.signal, { bytes: 250 });
  const [first, second, third] = [1, 2, 3].map(() => opened(watches, 100));
  for (const one of [first, second, first]) await one?.steps.next();
  await third?.steps.next();
  // The first one was read since the second had something.
  expect([first, second, third].map((one) => one?.state.isEnded)).toEqual([false, true, false]);
  await expect(second?.steps.next()).rejects.toThrow(
    "the watch has ended: too much is unread; other watches need the memory; call again",
  );
  expect(await first?.steps.next()).toMatchObject({ value: 2 });
});

test("a watch that is read goes on", async () => {
  const { steps } = opened(new Watches(draining.signal, { ms: 1_000 }));
  for (let n = 0; n < 5; n++) {
    expect(await steps.next()).toMatchObject({ value: n });
    await vi.advanceTimersByTimeAsync(900);
  }
});

test("a watch ends with its call, without an error", async () => {
  const { steps, state, call } = opened(new Watches(draining.signal));
  await steps.next();
  call.abort();
  expect(await steps.next()).toMatchObject({ done: true });
  expect(state.isEnded).toBe(true);
});

test("a watch whose server stops ends with SERVER_STOPPING", async () => {
  const stop = new AbortController();
  const { steps } = opened(new Watches(stop.signal));
  await steps.next();
  stop.abort();
  const error: unknown = await steps.next().catch((failure: unknown) => failure);
  expect(reasonOf(ConnectError.from(error))).toBe("SERVER_STOPPING");
});

test("a watch whose connection is too old says so", async () => {
  const { steps, connection } = opened(new Watches(draining.signal));
  await steps.next();
  connection.abort();
  await expect(steps.next()).rejects.toThrow(
    "the watch has ended: the connection has reached its maximum age; call again",
  );
});

test("a server has at most 1,000 watches; one that ends makes room", async () => {
  const watches = new Watches(draining.signal);
  const all = Array.from({ length: 1_000 }, () => opened(watches));
  await Promise.all(all.map(({ steps }) => steps.next()));
  await expect(opened(watches).steps.next()).rejects.toThrow("this server has 1000 calls");
  await all[0]?.steps.return(undefined);
  expect(await opened(watches).steps.next()).toMatchObject({ value: 0 });
});

test("a call that ends makes room at once, also if its watch still looks for its beginning", async () => {
  const watches = new Watches(draining.signal);
  const all = Array.from({ length: 999 }, () => opened(watches));
  await Promise.all(all.map(({ steps }) => steps.next()));
  const call = new AbortController();
  const values = createContextValues().set(connectionAging, new AbortController().signal);
  const begun = watches.run(
    async function* () {
      yield await new Promise<number>(() => {});
    },
    { signal: call.signal, values } as HandlerContext,
    () => 1,
  );
  void begun.next();
  await expect(opened(watches).steps.next()).rejects.toThrow("this server has 1000 calls");
  call.abort();
  expect(await opened(watches).steps.next()).toMatchObject({ value: 0 });
});
