// What the store is asked of a session when its stream opens, and what it keeps when the stream ends.

import { describe, expect, test, vi } from "vitest";
import type { StreamCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createStream } from "../../src/app/stream.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { redisCalls } from "../support/redis-calls.ts";
import { until, useTestStore } from "../support/store.ts";
import { item, SETTINGS, session, sessionId } from "../support/store-items.ts";

const at = useTestStore();
const QUEUE = "real";
const SILENT = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
const namesOf = (count: number, what: string) =>
  Array.from({ length: count }, (_, n) => `${what}-${n}`);

/** Begins to open a stream of session 1. */
function resume(queues: readonly string[]) {
  const { store } = at.current;
  const registry = new SessionRegistry(store.hints);
  const stop = new AbortController();
  const idText = formatMessageId(sessionId(1));
  const command: StreamCommand = {
    ...{ queues, workerId: "w", maxInFlight: 10, maxInFlightBytes: 1 << 20 },
    ...{ leaseMs: undefined, resumeSessionId: idText },
  };
  const stream = createStream({
    ...{ store, registry, log: SILENT },
    ...{ settingsOf: () => DEFAULT_QUEUE_SETTINGS, heartbeatMs: 10_000 },
    ...{ draining: new AbortController().signal, drainGraceMs: 1_000 },
  });
  const frames = stream(command, stop.signal);
  const opened = frames.next();
  return {
    /** Resolves when the session holds so many leases, and knows it. */
    holds: (leases: number) =>
      until(`${leases} leases`, () => {
        const found = registry.get(idText);
        return (found?.held === leases && found.mayHold === leases > 0) || undefined;
      }),
    opened,
    isQuiet: () => registry.get(idText)?.quiet,
    /** Whether it could take a message while it reads. */
    mayTake() {
      const found = registry.get(idText);
      found?.read(() => {});
      const reservation = found?.reserve(QUEUE, 1, false);
      if (reservation !== undefined) found?.settle(reservation, []);
      return reservation !== undefined;
    },
    stop: () => stop.abort(),
    async ended() {
      stop.abort();
      await opened;
      await frames.return(undefined);
    },
  };
}

/** Gives session 1 a lease in the queue. */
async function lease(queue: string): Promise<void> {
  await at.current.store.send(queue, [item()], SETTINGS);
  await at.current.tick(queue, [session(1)]);
}

describe("a stream that resumes a session", () => {
  test("reads no leases in queues that do not exist", async () => {
    await lease(QUEUE);
    const names = [...namesOf(1_000, "invented"), QUEUE];
    const calls = await redisCalls(at.current.redis, "evalsha", async () => {
      const stream = resume(names);
      // The store does not know the session, and its lease counts.
      await stream.holds(1);
      await stream.ended();
    });
    expect(calls).toBeLessThanOrEqual(10);
  });

  test("counts leases in queues that its session had before", async () => {
    const { store } = at.current;
    for (const queue of [QUEUE, "before"]) await lease(queue);
    await store.registerSession({
      sessionId: formatMessageId(sessionId(1)),
      ...{ workerId: "w", queues: ["before"], maxInFlight: 10 },
    });
    const stream = resume([QUEUE]);
    await stream.holds(2);
    await stream.ended();
  });

  test("is quiet from its beginning if its session is", async () => {
    const { store } = at.current;
    await lease(QUEUE);
    await store.quietSessions.add(formatMessageId(sessionId(1)), "ann");
    const stream = resume([QUEUE]);
    await stream.holds(1);
    expect(stream.isQuiet()).toBe(true);
    await until(
      "the list of workers",
      async () => (await store.workers(QUEUE))[0]?.quiet || undefined,
    );
    await stream.ended();
  });

  test("takes no messages before it is known whether it is quiet", async () => {
    const { store } = at.current;
    vi.spyOn(store.quietSessions, "keep").mockRejectedValue(new Error("down"));
    const stream = resume([QUEUE]);
    // The stream opens all the same.
    await stream.opened;
    expect(stream.mayTake()).toBe(false);
    vi.restoreAllMocks();
    await until("an answer", () => stream.mayTake() || undefined);
    await stream.ended();
  });

  test("reads no more leases when it has ended", async () => {
    const { store } = at.current;
    const queues = namesOf(100, "queue");
    await Promise.all(queues.map((queue) => store.send(queue, [item()], SETTINGS)));
    let answer = () => {};
    const answers = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const leases = vi.spyOn(store, "leases").mockImplementation(async () => {
      await answers;
      return [];
    });
    const stream = resume(queues);
    await until("the first reads", () => leases.mock.calls.length > 0 || undefined);
    stream.stop();
    answer();
    await stream.ended();
    expect(leases.mock.calls.length).toBeLessThan(queues.length / 2);
  });
});

test("what is stored of a session stays after its stream if it holds leases", async () => {
  const { store } = at.current;
  const id = formatMessageId(sessionId(1));
  await store.send(QUEUE, [item()], SETTINGS);
  const open = async (leases: number) => {
    const stream = resume([QUEUE]);
    await stream.holds(leases);
    await until("the session", () => store.sessionQueues(id));
    await stream.ended();
    return store.sessionQueues(id);
  };
  expect(await open(0)).toBeUndefined();
  await lease(QUEUE);
  expect(await open(2)).toEqual([QUEUE]);
});
