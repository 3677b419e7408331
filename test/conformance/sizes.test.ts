// Large messages, many calls, concurrent calls, and a reader that stops.

import { once } from "node:events";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  DlqService,
  StatsResponseSchema,
  StreamDueRequestSchema,
  StreamDueResponseSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { aborted, delivery, opened } from "../rpc/scripted-dlq.ts";
import { CLIENTS, GRPC_CLIENTS, HTTP_CLIENTS, open } from "./clients.ts";
import { type Server, startServer, untilIdle } from "./listener.ts";
import { encode, frameOf, openRaw, STATS, STREAM } from "./raw.ts";

const { sendToDlq, sendToDlqBatch, stats, streamDue } = DlqService.method;
const MIB = 1024 * 1024;
const EMPTY = frameOf(new Uint8Array(0));

function sendRequestOf(value: Uint8Array) {
  return { queue: "q", payload: { body: { case: "data" as const, value } } };
}

describe.for(CLIENTS)("$name", (client) => {
  // JSON encodes bytes as base64, which counts for the limit of 4 MiB.
  const mib = client.name.endsWith("JSON") ? 2 : 3;

  it(`sends ${mib} MiB and gets them back`, async () => {
    const server = await startServer({ payloadMaxBytes: 3 * MIB });
    server.dlq.onStream = async function* (_command, signal) {
      const envelope = server.dlq.sent[0]?.encodeEnvelope("TIMEOUT") ?? new Uint8Array(0);
      yield { kind: "deliveries", deliveries: [delivery({ envelope })] };
      await aborted(signal);
    };
    const connection = open(client, server);
    const payload = Buffer.alloc(mib * MIB, "0123456789\u00ff");
    expect(await connection.unary(sendToDlq, sendRequestOf(payload))).toMatchObject({ code: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    const stream = connection.stream(streamDue, [{ queues: ["q"] }], { signal });
    const frame = (await stream.next())?.frame;
    if (frame?.case !== "deliveries") throw new Error("no deliveries");
    const body = frame.value.deliveries[0]?.message?.payload?.body;
    expect(body?.case === "data" && Buffer.compare(body.value, payload)).toBe(0);
    controller.abort();
    await untilIdle(server);
  });

  it("sends 1,000 messages in a batch", async () => {
    const server = await startServer();
    const requests = Array.from({ length: 1_000 }, (_, i) => sendRequestOf(Buffer.from(`${i}`)));
    const answer = await open(client, server).unary(sendToDlqBatch, { requests });
    expect(answer.code).toBe(0);
    expect(answer.response?.results).toHaveLength(1_000);
    expect(server.dlq.sent).toHaveLength(1_000);
  });

  it("makes 100 calls at once", async () => {
    const server = await startServer();
    const barrier = Promise.withResolvers<void>();
    server.dlq.onStats = async () => {
      await barrier.promise;
      return { nowMs: 0, queues: [] };
    };
    const connection = open(client, server);
    const calls = Array.from({ length: 100 }, () => connection.unary(stats, {}));
    await vi.waitFor(() => expect(server.guard.calls.active).toBe(100));
    barrier.resolve();
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    expect(codes).toEqual(new Array(100).fill(0));
    await untilIdle(server);
  });
});

describe.for(HTTP_CLIENTS)("$name", (client) => {
  it("gets an error that says so if the response is larger than 4 MiB", async () => {
    const queues = [{ queue: "q".repeat(5 * MIB) }];
    const server = await startServer({
      methods: { stats: () => create(StatsResponseSchema, { queues }) },
    });
    expect(await open(client, server).unary(stats, {})).toMatchObject({
      code: Code.ResourceExhausted,
      message: expect.stringContaining("the response is larger than 4194304 bytes"),
      details: expect.arrayContaining([expect.objectContaining({ reason: "TOO_LARGE" })]),
    });
  });
});

describe.for(GRPC_CLIENTS)("$name", (client) => {
  it("makes 1,000 calls, one after the other, and leaves nothing behind", async () => {
    const server = await startServer();
    const connection = open(client, server);
    for (let i = 0; i < 1_000; i++) {
      const { code } = await connection.unary(stats, {});
      if (code !== 0) expect(code, `call ${i}`).toBe(0);
    }
    expect(server.dlq.statsOf).toHaveLength(1_000);
    await untilIdle(server);
  });
});

describe("a reader that stops reading", () => {
  /** Deliveries of half a MiB for each request, without end. */
  async function startEndless() {
    const server = await startServer();
    const body = { case: "data" as const, value: new Uint8Array(MIB / 2) };
    const envelope = toBinary(EnvelopeSchema, create(EnvelopeSchema, { payload: { body } }));
    const progress = { asked: 0 };
    server.dlq.onStream = async function* (_command, signal) {
      yield opened();
      while (!signal.aborted && progress.asked < 200) {
        progress.asked += 1;
        yield { kind: "deliveries", deliveries: [delivery({ envelope })] };
      }
    };
    return { server, progress };
  }

  async function openPaused(server: Server, headers = {}) {
    const raw = await openRaw(server.grpc);
    const call = raw.call(STREAM, headers);
    call.stream.end(encode(StreamDueRequestSchema, { queues: ["q"] }));
    await once(call.stream, "data");
    call.stream.pause();
    return { raw, call };
  }

  /** No further request in this time. */
  function untilStill(progress: { asked: number }): Promise<number> {
    let last = -1;
    return vi.waitFor(
      () => {
        const before = last;
        last = progress.asked;
        expect(last).toBe(before);
        return last;
      },
      { interval: 100, timeout: 5_000 },
    );
  }

  it("gets no more than its window, and continues when it reads again", async () => {
    const { server, progress } = await startEndless();
    const { call } = await openPaused(server);
    const asked = await untilStill(progress);
    expect(asked).toBeLessThan(20);
    call.stream.resume();
    await vi.waitFor(() => expect(progress.asked).toBeGreaterThan(asked + 20), 5_000);
    call.stream.pause();
    expect(call.messages(StreamDueResponseSchema).length).toBeGreaterThan(10);
    call.stream.close();
    await untilIdle(server);
  });

  it("does not block other calls of its connection", async () => {
    const { server, progress } = await startEndless();
    const { raw, call } = await openPaused(server);
    await untilStill(progress);
    expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
    call.stream.close();
    await untilIdle(server);
  });

  it("is cut off at its deadline", async () => {
    const { server } = await startEndless();
    const { call } = await openPaused(server, { "grpc-timeout": "300m" });
    await once(call.stream, "close");
    await untilIdle(server);
  });

  it("leaves nothing behind when it disconnects", async () => {
    const { server, progress } = await startEndless();
    const { call, raw } = await openPaused(server);
    await untilStill(progress);
    raw.session.destroy();
    await call.ended;
    await untilIdle(server);
  });
});
