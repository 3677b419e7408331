import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  DlqService,
  StreamDueRequestSchema,
  StreamDueResponseSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { aborted, delivery, opened } from "../rpc/scripted-dlq.ts";
import { CLIENTS, GRPC_CLIENTS, open, readAll } from "./clients.ts";
import { inProgress, startServer, untilIdle } from "./listener.ts";
import { encode, openRaw, STREAM } from "./raw.ts";

const { streamDue } = DlqService.method;
const REQUEST = { queues: ["q"] };

describe.for(CLIENTS)("$name", (client) => {
  it("gets the first frame at once, while nothing is due", async () => {
    const server = await startServer();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = open(client, server).stream(streamDue, [REQUEST], { signal });
    expect((await stream.next())?.frame.case).toBe("opened");
    expect(await inProgress(server)).toEqual({ calls: 0, streams: 1 });
    controller.abort();
    await untilIdle(server);
  });

  it("gets every frame in its order, and then OK", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {
      yield opened();
      for (let n = 1; n <= 200; n++) {
        yield { kind: "deliveries", deliveries: [delivery({ deliveryNumber: n })] };
      }
    };
    const stream = open(client, server).stream(streamDue, [REQUEST]);
    const [first, ...rest] = await readAll(stream);
    expect(first?.frame.case).toBe("opened");
    const numbers = rest.map(({ frame }) =>
      frame.case === "deliveries" ? frame.value.deliveries[0]?.deliveryNumber : frame.case,
    );
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(await stream.ended).toMatchObject({ code: 0, message: "" });
    await untilIdle(server);
  });

  it("gets an error after frames with its details", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {
      yield opened();
      throw storeUnavailable(1_500);
    };
    const stream = open(client, server).stream(streamDue, [REQUEST]);
    const frames = await readAll(stream);
    expect(frames.map(({ frame }) => frame.case)).toEqual(["opened"]);
    const outcome = await stream.ended;
    expect(outcome.code).toBe(Code.Unavailable);
    expect(outcome.details).toMatchObject([
      { reason: "STORE_UNAVAILABLE" },
      { retryDelay: "1.500s" },
    ]);
  });

  it("gets an error instead of frames with its details", async () => {
    const server = await startServer();
    const stream = open(client, server).stream(streamDue, [{ queues: ["a b"] }]);
    expect(await readAll(stream)).toEqual([]);
    const outcome = await stream.ended;
    expect(outcome.code).toBe(Code.InvalidArgument);
    expect(outcome.details).toMatchObject([
      { reason: "INVALID_REQUEST" },
      { fieldViolations: [{ field: "queues[0]" }] },
    ]);
    await untilIdle(server);
  });

  it("needs a token, as for any call", async () => {
    const server = await startServer({ tokens: ["t1"] });
    const stream = open(client, server).stream(streamDue, [REQUEST]);
    expect(await stream.next()).toBe(undefined);
    expect(await stream.ended).toMatchObject({ code: Code.Unauthenticated });
  });

  it("gets an error when the server stops", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {
      yield opened();
      await new Promise(() => {});
    };
    const stream = open(client, server).stream(streamDue, [REQUEST]);
    await stream.next();
    const closed = server.listeners.close(20);
    expect(await stream.next()).toBe(undefined);
    const outcome = await stream.ended;
    expect(outcome.code).toBe(Code.Unavailable);
    expect(outcome.details).toMatchObject([{ reason: "SERVER_STOPPING" }, { retryDelay: "1s" }]);
    await closed;
    expect(server.guard.calls.active).toBe(0);
  });
});

describe.for(GRPC_CLIENTS)("$name", (client) => {
  it("gets a drain frame when its connection reaches the maximum age", async () => {
    const server = await startServer({ config: { maxConnectionAgeMs: 150 } });
    const connection = open(client, server);
    const stream = connection.stream(streamDue, [REQUEST]);
    const frames = await readAll(stream);
    expect(frames.map(({ frame }) => frame.case)).toEqual(["opened", "drain"]);
    expect(await stream.ended).toMatchObject({ code: 0 });
    expect(await connection.unary(DlqService.method.stats, {})).toMatchObject({ code: 0 });
  });
});

describe("on the wire", () => {
  it("a client that has half-closed continues reading", async () => {
    const server = await startServer();
    const more = Promise.withResolvers<void>();
    server.dlq.onStream = async function* (_command, signal) {
      yield opened();
      await more.promise;
      yield { kind: "deliveries", deliveries: [delivery()] };
      await aborted(signal);
    };
    const call = (await openRaw(server.grpc)).call(STREAM);
    call.stream.end(encode(StreamDueRequestSchema, REQUEST));
    const cases = () => call.messages(StreamDueResponseSchema).map(({ frame }) => frame.case);
    await vi.waitFor(() => expect(cases()).toEqual(["opened"]));
    more.resolve();
    await vi.waitFor(() => expect(cases()).toEqual(["opened", "deliveries"]));
    call.stream.close();
    await untilIdle(server);
  });
});
