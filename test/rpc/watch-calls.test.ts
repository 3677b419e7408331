import { ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setAddress, setCaller } from "../../src/rpc/caller.ts";
import { WATCH_PATTERN_STEPS, type WatchFilter } from "../../src/rpc/filter-steps.ts";
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

/** Where a call comes from. */
interface From {
  readonly address?: string;
  readonly token?: string;
  /** Default: its own. */
  readonly connection?: AbortSignal;
}

let addresses = 0;
const NO_FILTER: WatchFilter = { patternSteps: 0 };

/** Without an address, from one that no other call has. */
function contextOf(
  signal: AbortSignal,
  {
    address = `192.0.2.${addresses++}`,
    token,
    connection = new AbortController().signal,
  }: From = {},
): HandlerContext {
  const values = createContextValues().set(connectionAging, connection);
  const context = { signal, values: setAddress(values, () => address) } as HandlerContext;
  if (token !== undefined) setCaller(context, { name: token });
  return context;
}

/** A call, and its watch: it yields numbers until it is ended. */
function opened(watches: Watches, bytes = 1, from: From = {}, filter: WatchFilter = NO_FILTER) {
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
  const context = contextOf(call.signal, { connection: connection.signal, ...from });
  return {
    steps: watches.run(numbers, context, { filter, bytesOf: () => bytes }),
    state,
    call,
    connection,
  };
}

test("a watch that is not read ends, and frees what it has", async () => {
  const { steps, state } = opened(new Watches(draining.signal, { most: 100, unreadMs: 1_000 }));
  expect(await steps.next()).toMatchObject({ value: 0 });
  await vi.advanceTimersByTimeAsync(999);
  expect(state.isEnded).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.isEnded).toBe(true);
  await expect(steps.next()).rejects.toThrow("nothing was read for 1000 ms; call again");
});

test("the watches that have been unread for longest end when too much is unread", async () => {
  const watches = new Watches(draining.signal, { most: 100, unreadBytes: 250 });
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
  const { steps } = opened(new Watches(draining.signal, { most: 100, unreadMs: 1_000 }));
  for (let n = 0; n < 5; n++) {
    expect(await steps.next()).toMatchObject({ value: n });
    await vi.advanceTimersByTimeAsync(900);
  }
});

test("a watch ends with its call, without an error", async () => {
  const { steps, state, call } = opened(new Watches(draining.signal, { most: 100 }));
  await steps.next();
  call.abort();
  expect(await steps.next()).toMatchObject({ done: true });
  expect(state.isEnded).toBe(true);
});

test("a watch whose server stops ends with SERVER_STOPPING", async () => {
  const stop = new AbortController();
  const { steps } = opened(new Watches(stop.signal, { most: 100 }));
  await steps.next();
  stop.abort();
  const error: unknown = await steps.next().catch((failure: unknown) => failure);
  expect(reasonOf(ConnectError.from(error))).toBe("SERVER_STOPPING");
});

test("a watch whose connection is too old says so", async () => {
  const { steps, connection } = opened(new Watches(draining.signal, { most: 100 }));
  await steps.next();
  connection.abort();
  await expect(steps.next()).rejects.toThrow(
    "the watch has ended: the connection has reached its maximum age; call again",
  );
});

test("a server has a limited number of watches; one that ends makes room", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const all = Array.from({ length: 100 }, () => opened(watches));
  await Promise.all(all.map(({ steps }) => steps.next()));
  await expect(opened(watches).steps.next()).rejects.toThrow("this server has 100 calls");
  await all[0]?.steps.return(undefined);
  expect(await opened(watches).steps.next()).toMatchObject({ value: 0 });
});

test("a call that ends makes room at once, also if its watch still looks for its beginning", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const all = Array.from({ length: 99 }, () => opened(watches));
  await Promise.all(all.map(({ steps }) => steps.next()));
  const call = new AbortController();
  const begun = watches.run(
    async function* () {
      yield await new Promise<number>(() => {});
    },
    contextOf(call.signal),
    { filter: NO_FILTER, bytesOf: () => 1 },
  );
  void begun.next();
  await expect(opened(watches).steps.next()).rejects.toThrow("this server has 100 calls");
  call.abort();
  expect(await opened(watches).steps.next()).toMatchObject({ value: 0 });
});

/** Opens watches until one is refused. Returns how many are open, and why the next one is not. */
async function fill(watches: Watches, from: From) {
  for (let count = 0; ; count++) {
    try {
      await opened(watches, 1, from).steps.next();
    } catch (error) {
      return { count, why: String(error) };
    }
  }
}

const HTTP_PORT = connectionAging.defaultValue;

test.each([
  ["token", { token: "a", address: "192.0.2.1" }, { token: "b", address: "192.0.2.1" }],
  ["address", { address: "192.0.2.1" }, { address: "192.0.2.2" }],
  ["token, not address", { token: "a" }, { address: "a" }],
])(
  "a caller, known by %s, has half of the watches that others leave",
  async (_by, first, second) => {
    const watches = new Watches(draining.signal, { most: 100 });
    const { count, why } = await fill(watches, { ...first, connection: HTTP_PORT });
    expect(count).toBe(50);
    expect(why).toContain(
      "this caller has 50 calls of WatchEvents and WatchMessages, and 50 are left for others",
    );
    expect((await fill(watches, { ...second, connection: HTTP_PORT })).count).toBe(25);
  },
);

test("callers, and their connections, take turns to look for where watches begin", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const looking: string[] = [];
  const ends: (() => void)[] = [];
  const look = (name: string, from: From) => {
    const steps = watches.run(
      async function* (_signal, begin) {
        yield await begin(async () => {
          looking.push(name);
          await new Promise<void>((resolve) => ends.push(resolve));
        });
      },
      contextOf(new AbortController().signal, from),
      { filter: NO_FILTER, bytesOf: () => 1 },
    );
    return steps.next();
  };
  const [a, b] = [1, 2].map(() => new AbortController().signal);
  const started = [
    look("a1", { token: "x", connection: a as AbortSignal }),
    look("a2", { token: "x", connection: a as AbortSignal }),
    look("b1", { token: "x", connection: b as AbortSignal }),
    look("other", { token: "y" }),
    look("http1", { token: "z", connection: HTTP_PORT }),
    look("http2", { token: "z", connection: HTTP_PORT }),
  ];
  await vi.advanceTimersByTimeAsync(0);
  expect(looking.toSorted()).toEqual(["a1", "http1", "other"]);
  for (let n = 0; n < started.length; n++) {
    ends[n]?.();
    await vi.advanceTimersByTimeAsync(0);
  }
  await Promise.all(started);
  expect(looking.slice(3)).toEqual(["b1", "http2", "a2"]);
});

const filterOf = (sharedText: string, patternSteps: number) => ({ sharedText, patternSteps });

test("patterns of open watches have a limited number of steps; equal filters count once", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const half = WATCH_PATTERN_STEPS / 2;
  const open = (token: string, filter: WatchFilter) => opened(watches, 1, { token }, filter);
  const one = open("a", filterOf("first", half));
  await one.steps.next();
  await open("a", filterOf("first", half)).steps.next();
  await open("b", filterOf("first", half)).steps.next();
  await open("a", filterOf("none", 0)).steps.next();
  await expect(open("a", filterOf("second", 1)).steps.next()).rejects.toThrow(
    `the patterns in filters of this caller's watches would have ${half + 1} steps, and ${half} are left for all; shorten them`,
  );
  await open("b", filterOf("third", half / 2)).steps.next();
  await expect(open("b", filterOf("fourth", 1)).steps.next()).rejects.toThrow("this caller's");
});

test("a filter that cannot be shared counts for each watch, until that ends", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const filter = { patternSteps: WATCH_PATTERN_STEPS / 4 };
  const [one, two] = [1, 2].map(() => opened(watches, 1, { token: "a" }, filter));
  await Promise.all([one?.steps.next(), two?.steps.next()]);
  const three = () => opened(watches, 1, { token: "a" }, filter).steps.next();
  await expect(three()).rejects.toThrow("steps");
  await one?.steps.return(undefined);
  await three();
});

test("a filter counts until its last watch ends", async () => {
  const watches = new Watches(draining.signal, { most: 100 });
  const open = (text: string) =>
    opened(watches, 1, { token: "a" }, filterOf(text, WATCH_PATTERN_STEPS / 2));
  const both = [open("first"), open("first")];
  for (const { steps } of both) await steps.next();
  await both[0]?.steps.return(undefined);
  await expect(open("second").steps.next()).rejects.toThrow("steps");
  await both[1]?.steps.return(undefined);
  await open("second").steps.next();
});
