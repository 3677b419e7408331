// Which events reach the callbacks, and in what order.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOutcomeWatches } from "../../../../clients/typescript/src/outcomes/outcome-watches.ts";
import { EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../../../gen/dlq/v1/state_pb.ts";
import { until } from "../client.ts";
import { eventOf, eventServer, logLines, watchesOf } from "./event-server.ts";

const { RETRY_FAILED, MOVED_TO_POISON } = EventType;

let lines: readonly string[];
beforeEach(() => {
  lines = logLines();
});
afterEach(() => void vi.useRealTimers());

const ids = (...names: readonly string[]) => names.map((name) => `failed ${name}`);

it("there are no watches without a callback", () => {
  expect(createOutcomeWatches(eventServer().channel, {})).toBeUndefined();
});

it("a callback gets the fields of the event, and the source id as sent", async () => {
  const onFailed = vi.fn();
  const { follow, opened } = watchesOf(eventServer(), { onFailed });
  follow("a");
  const call = await opened();
  const dueTime = timestampFromMs(2_000);
  const time = timestampFromMs(1_000);
  const fields = { retryCount: 3, reason: Reason.TIMEOUT, note: "slow", time, dueTime };
  call.give({
    events: [
      eventOf(RETRY_FAILED, "a", fields),
      eventOf(RETRY_FAILED, "a", { ...fields, state: MessageState.QUARANTINED }),
    ],
  });
  await until(() => onFailed.mock.calls.length === 2, "the callbacks");
  const expected = {
    ...{ id: "a", queue: "q", attempts: 3, reason: "TIMEOUT", note: "slow", sourceId: "source" },
    time: new Date(1_000),
  };
  expect(onFailed.mock.calls).toEqual([[{ ...expected, dueTime: new Date(2_000) }], [expected]]);
});

it("a watch begins one second before the oldest of its messages was accepted", async () => {
  const { follow, opened } = watchesOf();
  follow("0000000f-4240-7000-8000-000000000000"); // 1,000,000 ms
  follow("00000007-a120-7000-8000-000000000000"); // 500,000 ms
  const { request } = await opened();
  expect(request).toMatchObject({ queues: ["q"], startTime: { seconds: 499n, nanos: 0 } });
});

it("an event that came before the answer of its send comes before the later ones", async () => {
  const got: string[] = [];
  const { follow, opened } = watchesOf(eventServer(), {
    onFailed: ({ id }) => {
      got.push(`failed ${id}`);
      if (id === "a") follow("b"); // while the next event of b is there already
    },
    onQuarantined: ({ id }) => void got.push(`quarantined ${id}`),
  });
  follow("a");
  const events = [eventOf(RETRY_FAILED, "b"), eventOf(RETRY_FAILED, "a")];
  (await opened()).give({ events: [...events, eventOf(MOVED_TO_POISON, "b")] });
  await until(() => got.length === 3, "the events of b");
  expect(got).toEqual(["failed a", "failed b", "quarantined b"]);
});

it("events of other messages are remembered for a minute, at most 1,000", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { follow, opened, got } = watchesOf();
  follow("a");
  const call = await opened();
  call.give({ events: [eventOf(RETRY_FAILED, "old")] });
  const others = Array.from({ length: 1_001 }, (_, at) => eventOf(RETRY_FAILED, `other-${at}`));
  call.give({ events: [...others, eventOf(RETRY_FAILED, "a")] });
  await until(() => got.length === 1, "the event of a");
  for (const id of ["old", "other-0", "other-1"]) follow(id);
  await until(() => got.length === 2, "the remembered event");
  vi.advanceTimersByTime(60_001);
  follow("other-2");
  call.give({ events: [eventOf(RETRY_FAILED, "a")] });
  await until(() => got.length === 3, "the second event of a");
  expect(got).toEqual(ids("a", "other-1", "a"));
});

describe("a broken stream", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  const lost = new ConnectError("gone", Code.Unavailable);

  it("goes on behind its resume token, without repeats, and is logged once", async () => {
    const { follow, opened, got } = watchesOf();
    follow("a");
    follow("b");
    const events = ["a", "b", "a"].map((id) => eventOf(RETRY_FAILED, id));
    const first = await opened();
    first.give({ events: events.slice(0, 1), resumeToken: "after 1" });
    first.give({ events: events.slice(1, 2) });
    first.give(lost);
    await until(() => lines.length === 1, "the log line");
    await vi.advanceTimersByTimeAsync(500);
    const second = await opened("q", 2);
    expect(second.request.resumeToken).toBe("after 1");
    second.give({ events: events.slice(1, 2), resumeToken: "after 2" });
    second.give({ events: events.slice(2) });
    await until(() => got.length === 3, "the events");
    expect(got).toEqual(ids("a", "b", "a"));
    expect(lines).toEqual([
      'dlq: outcome callbacks of queue "q" wait: gone; is the server at `url` up?; retrying',
    ]);
  });

  it("that the server ended is logged, and opened again", async () => {
    const { follow, opened } = watchesOf();
    follow("a");
    (await opened()).end();
    await until(() => lines.length === 1, "the log line");
    await vi.advanceTimersByTimeAsync(500);
    await opened("q", 2);
    expect(lines[0]).toMatch(
      /^dlq: outcome callbacks of queue "q" wait: the server ended the stream; .*retrying$/,
    );
  });

  it("begins one second before the latest event if a server does not accept the token", async () => {
    const { follow, opened, got } = watchesOf();
    follow("a");
    const event = eventOf(RETRY_FAILED, "a", { time: timestampFromMs(5_000) });
    const first = await opened();
    first.give({ events: [event], resumeToken: "of another store" });
    first.give(new ConnectError("is not one", Code.InvalidArgument));
    await until(() => lines.length === 1, "the log line");
    await vi.advanceTimersByTimeAsync(500);
    const second = await opened("q", 2);
    expect(second.request).toMatchObject({ resumeToken: "", startTime: { seconds: 4n } });
    second.give({ events: [event, eventOf(RETRY_FAILED, "a")] });
    await until(() => got.length === 2, "the next event");
  });

  it("waits longer after each failure, up to 30 s", async () => {
    const onCall = vi.fn(() => {
      throw lost;
    });
    const { follow } = watchesOf(eventServer(onCall));
    follow("a");
    await until(() => onCall.mock.calls.length === 1, "the first call");
    await vi.advanceTimersByTimeAsync(120_000);
    const early = onCall.mock.calls.length;
    expect(early).toBeLessThan(15);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(onCall.mock.calls.length).toBeGreaterThan(early);
  });

  it("an older server is logged once, and its successor is used", async () => {
    let isOld = true;
    const onCall = vi.fn(() => {
      if (isOld) throw new ConnectError("no such method", Code.Unimplemented);
    });
    const { follow, opened, got } = watchesOf(eventServer(onCall));
    follow("a");
    await until(() => onCall.mock.calls.length === 1, "the first call");
    await vi.advanceTimersByTimeAsync(120_000);
    isOld = false;
    await vi.advanceTimersByTimeAsync(30_000);
    (await opened()).give({ events: [eventOf(RETRY_FAILED, "a")] });
    await until(() => got.length === 1, "the event");
    expect(lines).toEqual([
      "dlq: outcome callbacks are not called: the server has no WatchEvents; upgrade it",
    ]);
  });
});

it("at most 10,000 messages are followed: then the oldest is not, and the log says so once a minute", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { follow, opened, got } = watchesOf();
  for (let at = 0; at < 10_002; at++) follow(`m${at}`);
  const call = await opened();
  call.give({ events: ["m0", "m1", "m2"].map((id) => eventOf(RETRY_FAILED, id)) });
  await until(() => got.length === 1, "the event of the third message");
  expect(got).toEqual(ids("m2"));
  const line =
    "dlq: outcome callbacks are not called for the oldest of more than 10000 followed messages; use events in NATS";
  expect(lines).toEqual([line]);
  vi.advanceTimersByTime(60_000);
  follow("another");
  expect(lines).toEqual([line, line]);
});

it("a slow callback delays the others of its queue only", async () => {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const got: string[] = [];
  const onFailed = ({ id }: { id: string }) => {
    got.push(id);
    return id === "slow" ? promise : undefined;
  };
  const { follow, opened } = watchesOf(eventServer(), { onFailed });
  for (const id of ["slow", "next"]) follow(id);
  follow("other", "r");
  (await opened()).give({ events: ["slow", "next"].map((id) => eventOf(RETRY_FAILED, id)) });
  await until(() => got.length === 1, "the slow callback");
  (await opened("r")).give({ events: [eventOf(RETRY_FAILED, "other", { queue: "r" })] });
  await until(() => got.length === 2, "the callback of the other queue");
  expect(got).toEqual(["slow", "other"]);
  end();
  await until(() => got.length === 3, "the next callback");
});

it("a callback that throws or rejects is logged, and the next one comes", async () => {
  const onFailed = vi.fn(({ id }: { id: string }) => {
    if (id === "a") throw new Error("thrown");
    return Promise.reject(new Error("rejected"));
  });
  const { follow, opened, got } = watchesOf(eventServer(), { onFailed });
  for (const id of ["a", "b"]) follow(id);
  const events = [eventOf(RETRY_FAILED, "a"), eventOf(RETRY_FAILED, "b")];
  (await opened()).give({ events: [...events, eventOf(MOVED_TO_POISON, "b")] });
  await until(() => got.length === 1, "the last callback");
  expect(lines).toEqual(
    ["a", "b"].map(
      (id) => `dlq: onFailed failed for message ${id} of queue "q"; the event is not repeated:`,
    ),
  );
});

it("a gap is logged, and what follows it comes", async () => {
  const { follow, opened, got } = watchesOf();
  follow("a");
  const gap = { missedCount: 3n, undoneCount: 2n };
  (await opened()).give({ gap, events: [eventOf(RETRY_FAILED, "a")] });
  await until(() => got.length === 1, "the event");
  expect(lines).toEqual([
    'dlq: outcome callbacks of queue "q" may be missing: up to 3 state changes were removed before they were read, and the store lost up to 2; read the messages for their state',
  ]);
});

describe("close", () => {
  it("waits for the running callback, and begins no other one", async () => {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const onFailed = vi.fn(() => promise);
    const { watches, follow, opened, got } = watchesOf(eventServer(), { onFailed });
    follow("a");
    const call = await opened();
    call.give({ events: [eventOf(RETRY_FAILED, "a"), eventOf(MOVED_TO_POISON, "a")] });
    await until(() => onFailed.mock.calls.length === 1, "the callback");
    const order: string[] = [];
    const closed = watches.close(Number.POSITIVE_INFINITY).then(() => order.push("closed"));
    expect(call.signal.aborted).toBe(true);
    void promise.then(() => order.push("ended"));
    end();
    await closed;
    expect(order).toEqual(["ended", "closed"]);
    expect(got).toEqual([]);
    follow("b"); // does nothing
  });

  it("does not wait for a callback that waits for it", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const onFailed = vi.fn(async () => {
      await begun;
      await watches.close(Number.POSITIVE_INFINITY);
      closed.resolve();
    });
    const { watches, follow, opened } = watchesOf(eventServer(), { onFailed });
    follow("a");
    (await opened()).give({ events: [eventOf(RETRY_FAILED, "a")] });
    await until(() => onFailed.mock.calls.length === 1, "the callback");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }); // the 5 s do not end
    begin();
    await closed.promise;
  });

  it("waits for a callback if one that has ended began it", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const order: string[] = [];
    const closed = Promise.withResolvers<void>();
    const { watches, follow, opened } = watchesOf(eventServer(), {
      onFailed: () => {
        const close = async () => {
          await begun;
          await watches.close(Number.POSITIVE_INFINITY);
          order.push("closed");
          closed.resolve();
        };
        void close();
      },
      onQuarantined: async () => {
        begin();
        await new Promise((resolve) => setImmediate(resolve));
        order.push("ended");
      },
    });
    follow("a");
    (await opened()).give({
      events: [eventOf(RETRY_FAILED, "a"), eventOf(MOVED_TO_POISON, "a")],
    });
    await closed.promise;
    expect(order).toEqual(["ended", "closed"]);
  });

  it("waits at most 5 s", async () => {
    const onFailed = vi.fn(() => new Promise<void>(() => {}));
    const { watches, follow, opened } = watchesOf(eventServer(), { onFailed });
    follow("a");
    (await opened()).give({ events: [eventOf(RETRY_FAILED, "a")] });
    await until(() => onFailed.mock.calls.length === 1, "the callback");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let isClosed = false;
    const closed = watches.close(Number.POSITIVE_INFINITY).then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(4_900);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await closed;
  });
});

it("the reason of a quarantine is shown", async () => {
  const onQuarantined = vi.fn();
  const { follow, opened } = watchesOf(eventServer(), { onQuarantined });
  follow("a");
  const quarantineReason = QuarantineReason.NON_RETRYABLE;
  const fields = { quarantineReason, state: MessageState.QUARANTINED };
  (await opened()).give({ events: [eventOf(MOVED_TO_POISON, "a", fields)] });
  await until(() => onQuarantined.mock.calls.length === 1, "the callback");
  expect(onQuarantined.mock.calls[0]?.[0]).toMatchObject({ quarantineReason: "NON_RETRYABLE" });
});
