import { Code, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { DlqService, StreamDueRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { aborted } from "../rpc/scripted-dlq.ts";
import { CLIENTS, open, readAll } from "./clients.ts";
import { startServer, untilIdle } from "./listener.ts";
import { encode, frameOf, openRaw, STATS, STREAM } from "./raw.ts";

const { stats, streamDue } = DlqService.method;
const EMPTY = frameOf(new Uint8Array(0));

/** A server whose Stats ends when its caller disconnects. */
async function startHanging(options = {}) {
  const contexts: HandlerContext[] = [];
  const server = await startServer({
    ...options,
    methods: {
      async stats(_request, context) {
        contexts.push(context);
        await aborted(context.signal);
        return {};
      },
    },
  });
  return { server, contexts };
}

/** Repeats a call with twice the deadline until the call has begun before it: a slow machine needs more time. */
async function withEnoughTime(call: (timeoutMs: number) => Promise<boolean>): Promise<void> {
  for (let timeoutMs = 150; !(await call(timeoutMs)); timeoutMs *= 2) {
    if (timeoutMs > 20_000) throw new Error("no call began before its deadline");
  }
}

describe.for(CLIENTS)("$name", (client) => {
  it("ends a call at its deadline, and so does the server", async () => {
    const { server, contexts } = await startHanging();
    await withEnoughTime(async (timeoutMs) => {
      const outcome = await open(client, server).unary(stats, {}, { timeoutMs });
      expect(outcome).toMatchObject({ code: Code.DeadlineExceeded });
      return contexts.length > 0;
    });
    await vi.waitFor(() => expect(contexts[0]?.signal.aborted).toBe(true));
    await untilIdle(server);
  });

  it("ends a stream at its deadline, and so does the server", async () => {
    const server = await startServer();
    await withEnoughTime(async (timeoutMs) => {
      const stream = open(client, server).stream(streamDue, [{ queues: ["q"] }], { timeoutMs });
      const cases = (await readAll(stream)).map(({ frame }) => frame.case);
      expect(await stream.ended).toMatchObject({ code: Code.DeadlineExceeded });
      if (cases.length > 0) expect(cases).toEqual(["opened"]);
      return cases.length > 0;
    });
    await vi.waitFor(() => expect(server.dlq.streams[0]?.signal.aborted).toBe(true));
    await untilIdle(server);
  });

  it.for([
    ["that the client does not name is the server's own", { defaultTimeoutMs: 50 }, undefined],
    ["is never longer than the server allows", { maxTimeoutMs: 50 }, 60_000],
  ] as const)("a deadline %s", async ([, limits, timeoutMs]) => {
    const server = await startServer({ ...limits });
    server.dlq.onStats = () => new Promise(() => {});
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const outcome = await open(client, server).unary(stats, {}, options);
    expect(outcome.code).toBe(Code.DeadlineExceeded);
    expect(outcome.message).toContain("not finished within 50 ms");
    expect(outcome.details).toMatchObject([{ reason: "DEADLINE_EXCEEDED" }]);
  });
});

describe("grpc-timeout", () => {
  it.for([
    ["2H", 7_200_000],
    ["3M", 180_000],
    ["40S", 40_000],
    ["50000m", 50_000],
    ["60000000u", 60_000],
    ["99999999u", 99_999],
  ] as const)("of %s is %i ms", async ([timeout, ms]) => {
    const { server, contexts } = await startHanging();
    const call = (await openRaw(server.grpc)).call(STATS, { "grpc-timeout": timeout });
    call.stream.end(EMPTY);
    await vi.waitFor(() => expect(contexts).toHaveLength(1));
    const leftMs = contexts[0]?.timeoutMs() ?? Number.NaN;
    expect(leftMs).toBeLessThanOrEqual(ms);
    expect(leftMs).toBeGreaterThan(ms - 5_000);
  });

  it.for(["40m", "40000u", "40000000n"])("of %s ends the call by the server", async (timeout) => {
    const { server, contexts } = await startHanging();
    const outcome = await (await openRaw(server.grpc)).send(STATS, EMPTY, {
      "grpc-timeout": timeout,
    });
    expect(outcome.code).toBe(Code.DeadlineExceeded);
    await vi.waitFor(() => expect(contexts[0]?.signal.aborted).toBe(true));
  });

  it.for(["0m", "0S", "1n"])("of %s is over before the work begins", async (timeout) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(STATS, EMPTY, { "grpc-timeout": timeout });
    expect(outcome.code).toBe(Code.DeadlineExceeded);
    expect(outcome.details).toMatchObject([{ reason: "DEADLINE_EXCEEDED" }]);
  });

  it.for(["99999999H", "99999999M", "99999999S"])("of %s is not over at once", async (timeout) => {
    const { server, contexts } = await startHanging();
    const raw = await openRaw(server.grpc);
    const call = raw.call(STATS, { "grpc-timeout": timeout });
    call.stream.end(EMPTY);
    await vi.waitFor(() => expect(contexts).toHaveLength(1));
    // A timer that overflows fires after 1 ms; these calls take several.
    for (let i = 0; i < 5; i++) await raw.send("/grpc.health.v1.Health/Check", EMPTY);
    expect(contexts[0]?.signal.aborted).toBe(false);
    expect(call.hasAnswer).toBe(false);
  });

  it.for(["soon", "10", "S", "-1S", "1.5S", "123456789S", "1 S"])(
    "of %j is malformed",
    async (timeout) => {
      const server = await startServer();
      const raw = await openRaw(server.grpc);
      const outcome = await raw.send(STATS, EMPTY, { "grpc-timeout": timeout });
      expect(outcome.code).toBe(Code.InvalidArgument);
      expect(outcome.details).toMatchObject([{ reason: "MALFORMED_REQUEST" }]);
      expect(server.dlq.statsOf).toEqual([]);
    },
  );

  it("holds for streams", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const request = encode(StreamDueRequestSchema, { queues: ["q"] });
    const outcome = await raw.send(STREAM, request, { "grpc-timeout": "100m" });
    expect(outcome.code).toBe(Code.DeadlineExceeded);
    expect(outcome.body.length).toBeGreaterThan(5);
    await untilIdle(server);
  });
});
