// Programs follow events.

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { WatchEventsResponse } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { type Event, EventType } from "../../gen/dlq/v1/event_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, retriesAtOnce, sendRequest, succeeded } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

let redis: TestRedis;
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  redis = await startTestRedis({ appendonly: false });
  server = await startTestServer({ redisUrl: redis.url, env: { DLQ_OUTBOX_FIELDS: "tenant" } });
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
  await redis?.stop();
});

/** An open watch. */
class Watch {
  readonly #responses: AsyncIterator<WatchEventsResponse>;
  readonly #stop: AbortController;
  #events: Event[] = [];
  readonly responses: WatchEventsResponse[] = [];
  resumeToken = "";
  keptSince: Timestamp | undefined;

  private constructor(responses: AsyncIterator<WatchEventsResponse>, stop: AbortController) {
    this.#responses = responses;
    this.#stop = stop;
  }

  static async open(request: Parameters<TestClient["dlq"]["watchEvents"]>[0]): Promise<Watch> {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const responses = client.dlq.watchEvents(request, { signal: stop.signal });
    const watch = new Watch(responses[Symbol.asyncIterator](), stop);
    await watch.read();
    expect(watch.resumeToken).not.toBe("");
    return watch;
  }

  async read(): Promise<void> {
    const { done, value } = await this.#responses.next();
    if (done === true) throw new Error("the watch has ended");
    this.responses.push(value);
    this.#events.push(...value.events);
    this.keptSince ??= value.keptSince;
    if (value.resumeToken !== "") this.resumeToken = value.resumeToken;
  }

  /** The next events, up to the first one of this type. */
  async until(type: EventType): Promise<Event[]> {
    for (;;) {
      const at = this.#events.findIndex((event) => event.type === type);
      if (at >= 0) return this.#events.splice(0, at + 1);
      await this.read();
    }
  }

  /** Reads until the token covers everything that was read. */
  async untilToken(): Promise<string> {
    this.resumeToken = "";
    while (this.resumeToken === "") await this.read();
    return this.resumeToken;
  }

  close(): void {
    this.#stop.abort();
  }
}

const TYPE_NAMES = new Map<number, string>(
  Object.entries(EventType).map(([name, number]) => [number, name]),
);
const typesOf = (events: readonly Event[]) => events.map(({ type }) => TYPE_NAMES.get(type));

it("streams the events of a message in order", async () => {
  const queue = "life";
  const watch = await Watch.open({ queues: [queue] });
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest(queue, retriesAtOnce(1)),
    attributes: { tenant: "acme", other: "x" },
    failure: { reason: Reason.TIMEOUT, type: "ReadTimeout" },
  });
  const worker = await Worker.open(client.dlq, { queues: [queue] });
  await worker.settle(await worker.next(), failed());
  const events = await watch.until(EventType.MOVED_TO_POISON);
  expect(typesOf(events)).toEqual([
    "MESSAGE_ADDED",
    "RETRY_SCHEDULED",
    "GROUP_OPENED",
    "RETRY_FAILED",
    "MOVED_TO_POISON",
  ]);
  expect(events.every(({ messageId }) => messageId === id)).toBe(true);
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  expect(events[0]).toMatchObject({
    ...{ queue, reason: Reason.TIMEOUT, retryCount: 0, state: MessageState.SCHEDULED },
    attributes: { tenant: "acme" },
  });
  expect(events.at(-1)).toMatchObject({
    ...{ retryCount: 1, deliveryCount: 1, state: MessageState.QUARANTINED },
    quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
  });

  await client.dlq.retry({ queue, ids: [id] });
  await worker.settle(await worker.next(), succeeded);
  expect(typesOf(await watch.until(EventType.RETRY_SUCCESS))).toEqual([
    "GROUP_OPENED",
    "RETRIED",
    "RETRY_SUCCESS",
  ]);
  await worker.close();
});

it("streams only what is asked for", async () => {
  const watch = await Watch.open({
    queues: ["few-*"],
    types: [EventType.MESSAGE_ADDED],
    filter: 'reason == "TIMEOUT" && attributes.tenant == "acme"',
  });
  const send = (queue: string, reason: Reason, tenant: string) =>
    client.dlq.sendToDlq({ ...sendRequest(queue), attributes: { tenant }, failure: { reason } });
  await send("few-1", Reason.NETWORK_ERROR, "acme");
  await send("few-1", Reason.TIMEOUT, "globex");
  await send("many-1", Reason.TIMEOUT, "acme");
  const { id } = await send("few-2", Reason.TIMEOUT, "acme");
  const events = await watch.until(EventType.MESSAGE_ADDED);
  expect(events.map(({ messageId }) => messageId)).toEqual([id]);
});

it("continues after a token, and from a time", async () => {
  const queue = "again";
  const beganAtMs = Date.now();
  const watch = await Watch.open({ queues: [queue] });
  const first = await client.dlq.sendToDlq(sendRequest(queue));
  await watch.until(EventType.RETRY_SCHEDULED);
  const resumeToken = await watch.untilToken();
  watch.close();
  const second = await client.dlq.sendToDlq(sendRequest(queue));

  const added = async (request: Parameters<typeof Watch.open>[0]) => {
    const again = await Watch.open({ ...request, types: [EventType.MESSAGE_ADDED] });
    return (await again.until(EventType.MESSAGE_ADDED)).map(({ messageId }) => messageId);
  };
  expect(await added({ queues: [queue], resumeToken })).toEqual([second.id]);
  const startTime = timestampFromMs(beganAtMs);
  expect(await added({ queues: [queue], startTime })).toEqual([first.id]);
  const early = await Watch.open({ queues: [queue], startTime });
  expect(await added({ queues: [queue], resumeToken: early.resumeToken })).toEqual([first.id]);
});

it("begins at the millisecond of its start_time", async () => {
  const queue = "exactly";
  const { id } = await client.dlq.sendToDlq(sendRequest(queue));
  const all = await Watch.open({
    queues: [queue],
    startTime: timestampFromMs(Date.now() - 60_000),
  });
  const [first] = await all.until(EventType.MESSAGE_ADDED);
  const atMs = timestampMs(first?.time as Timestamp);
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(atMs + 1));
  const later = await client.dlq.sendToDlq(sendRequest(queue));
  const addedSince = async (sinceMs: number) => {
    const watch = await Watch.open({ queues: [queue], startTime: timestampFromMs(sinceMs) });
    const [event] = await watch.until(EventType.MESSAGE_ADDED);
    return event?.messageId;
  };
  expect(await addedSince(atMs)).toBe(id);
  expect(await addedSince(atMs + 1)).toBe(later.id);
});

it("says once when the events before the call were streamed", async () => {
  const sends = Array.from({ length: 100 }, (_, at) => sendRequest(`past-${at % 4}`));
  for (let n = 0; n < 6; n++) await client.dlq.sendToDlqBatch({ requests: sends });
  const read = async (request: Parameters<typeof Watch.open>[0]) => {
    const watch = await Watch.open({ queues: ["past-*"], ...request });
    while (!watch.responses.some(({ caughtUp }) => caughtUp)) await watch.read();
    const before = watch.responses.length;
    await client.dlq.sendToDlq(sendRequest("past-5"));
    await watch.untilToken();
    const added = watch.responses.slice(0, before).flatMap(({ events }) => events);
    const marks = watch.responses.filter(({ caughtUp }) => caughtUp);
    watch.close();
    return {
      before,
      added: added.filter(({ type }) => type === EventType.MESSAGE_ADDED).length,
      marks: marks.length,
    };
  };
  const startTime = timestampFromMs(Date.now() - 60_000);
  const all = await read({ startTime });
  expect(all).toMatchObject({ added: 600, marks: 1 });
  expect(await read({})).toEqual({ before: 1, added: 0, marks: 1 });
  const none = await read({ startTime, types: [EventType.QUEUE_PAUSED] });
  expect(none).toMatchObject({ added: 0, marks: 1 });
});

it("refuses what it does not understand", async () => {
  const refused = async (request: Parameters<TestClient["dlq"]["watchEvents"]>[0]) =>
    errorOf(client.dlq.watchEvents(request)[Symbol.asyncIterator]().next());
  for (const [request, text] of [
    [{ queues: ["a b"] }, "queues[0]: is neither"],
    [{ types: [99] }, "types[0]: has no type 99"],
    [{ filter: "event_type == 'nothing'" }, "filter: "],
    [{ filter: "payload.contains('x')" }, "filters of messages only"],
    [{ resumeToken: "x" }, "resume_token: is not one"],
  ] as const) {
    const error = await refused({ ...request } as never);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect(error.rawMessage).toContain(text);
  }
});

it("refuses a token of another deployment", async () => {
  const other = await startTestServer({
    redisUrl: redis.url,
    env: { DLQ_REDIS_PREFIX: "other" },
  });
  onTestFinished(() => other.stop());
  const connection = connectTo(other.grpcAddress);
  onTestFinished(() => connection.close());
  const watch = await Watch.open({ queues: ["any"] });
  const { resumeToken } = watch;
  const request = { queues: ["any"], resumeToken };
  const error = await errorOf(connection.dlq.watchEvents(request)[Symbol.asyncIterator]().next());
  expect(error).toMatchObject({ code: Code.InvalidArgument });
  expect(error.rawMessage).toMatch(/^resume_token: is of another deployment, .*set start_time/);
});

it("ends with the server, and continues after the token with the next one", async () => {
  const queue = "restart";
  const own = await startTestServer({ redisUrl: redis.url });
  onTestFinished(() => own.stop());
  const connection = connectTo(own.grpcAddress);
  onTestFinished(() => connection.close());
  const responses = connection.dlq.watchEvents({ queues: [queue] })[Symbol.asyncIterator]();
  const { value } = await responses.next();
  const ended = errorOf(responses.next());
  await own.terminate();
  expect(await ended).toMatchObject({ code: Code.Unavailable });
  const { id } = await client.dlq.sendToDlq(sendRequest(queue));
  const again = await Watch.open({ queues: [queue], resumeToken: value?.resumeToken ?? "" });
  const [added] = await again.until(EventType.MESSAGE_ADDED);
  expect(added?.messageId).toBe(id);
});

it("a connection has at most 200 watches", async () => {
  const connection = connectTo(server.grpcAddress);
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    connection.close();
  });
  const open = () =>
    connection.dlq
      .watchEvents({ queues: ["many"] }, { signal: stop.signal })
      [Symbol.asyncIterator]()
      .next();
  await Promise.all(Array.from({ length: 200 }, open));
  const error = await errorOf(open());
  expect(error).toMatchObject({ code: Code.Unavailable });
  expect(error.rawMessage).toContain("this connection has 200 calls of WatchEvents");
});

it("announces what was removed before it was read", async () => {
  const queue = "trimmed";
  const small = await startTestServer({ redisUrl: redis.url, env: { DLQ_OUTBOX_MAX: "16KiB" } });
  onTestFinished(() => small.stop());
  const connection = connectTo(small.grpcAddress);
  onTestFinished(() => connection.close());
  const watch = await Watch.open({ queues: [queue] });
  const { resumeToken } = watch;
  watch.close();
  const sends = Array.from({ length: 100 }, () => sendRequest(queue));
  for (let n = 0; n < 10; n++) await connection.dlq.sendToDlqBatch({ requests: sends });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const request = { queues: [queue], resumeToken, types: [EventType.MESSAGE_ADDED] };
  let missed = 0;
  let added = 0;
  for await (const { gap, events } of client.dlq.watchEvents(request, { signal: stop.signal })) {
    missed += Number(gap?.missedCount ?? 0n);
    added += events.length;
    // Each send is a change, and the first one opens a group.
    if (missed + added >= 1_000) break;
  }
  expect(missed).toBeGreaterThan(500);
  expect(added).toBeGreaterThan(50);
});

it("says since when events are kept if earlier ones were removed", async () => {
  const small = await startTestServer({ redisUrl: redis.url, env: { DLQ_OUTBOX_MAX: "16KiB" } });
  onTestFinished(() => small.stop());
  const connection = connectTo(small.grpcAddress);
  onTestFinished(() => connection.close());
  const beganAtMs = Date.now();
  const startTime = timestampFromMs(beganAtMs - 60_000);
  const sends = (queue: string) => Array.from({ length: 100 }, () => sendRequest(queue));
  const fill = async (queue: string) => {
    for (let n = 0; n < 10; n++) await connection.dlq.sendToDlqBatch({ requests: sends(queue) });
  };
  await fill("kept-1");
  await fill("kept-2");
  await client.dlq.sendToDlq(sendRequest("kept-whole"));

  const first = async (queue: string) => {
    const watch = await Watch.open({ queues: [queue], startTime });
    const [event] = await watch.until(EventType.MESSAGE_ADDED);
    watch.close();
    return { keptSince: watch.keptSince, time: event?.time };
  };
  const [one, two, whole] = [
    await first("kept-1"),
    await first("kept-2"),
    await first("kept-whole"),
  ];
  expect(one.keptSince).toEqual(one.time);
  expect(two.keptSince).toEqual(two.time);
  expect(whole.keptSince).toBeUndefined();
  expect(timestampMs(two.time as Timestamp)).toBeGreaterThan(timestampMs(one.time as Timestamp));

  const all = await Watch.open({ queues: ["kept-whole", "kept-2", "kept-1"], startTime });
  expect(all.keptSince).toEqual(two.keptSince);
  const later = await Watch.open({ queues: ["kept-1"], startTime: one.time as Timestamp });
  expect(later.keptSince).toBeUndefined();
  const resumed = await Watch.open({ queues: ["kept-1"], startTime, resumeToken: all.resumeToken });
  expect(resumed.keptSince).toBeUndefined();
});
