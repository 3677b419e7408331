import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { DlqService, SendToDlqRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { invalid } from "../../src/core/errors.ts";
import { CLIENTS, GRPC_CLIENTS, open } from "./clients.ts";
import { startServer } from "./listener.ts";
import { encode, frameOf, openRaw, SEND, STATS } from "./raw.ts";

const { stats } = DlqService.method;
const EMPTY = frameOf(new Uint8Array(0));
const HEALTH = "/grpc.health.v1.Health/Check";

/** Stats returns the caller's `x-…` metadata in headers and trailers. */
async function startEcho() {
  const seen: Headers[] = [];
  const server = await startServer({
    methods: {
      stats(_request, context) {
        seen.push(context.requestHeader);
        for (const [key, value] of context.requestHeader) {
          if (!key.startsWith("x-")) continue;
          context.responseHeader.set(key, value);
          context.responseTrailer.set(key, value);
        }
        return {};
      },
    },
  });
  return { server, seen };
}

/** Repeated keys are joined, which every protocol allows. */
function valuesOf(entries: readonly (readonly [string, string])[], name: string): string[] {
  return entries
    .filter(([key]) => key === name)
    .flatMap(([, value]) => value.split(","))
    .map((value) => value.trim().replace(/=+$/, ""));
}

describe.for(CLIENTS)("$name", (client) => {
  it.for([
    ["ASCII", "x-text", "a b;c=d/e"],
    ["an empty value", "x-empty", ""],
    ["bytes", "x-bytes-bin", Buffer.from([0, 1, 254, 255]).toString("base64")],
  ] as const)("sends and gets back %s", async ([, key, value]) => {
    const { server } = await startEcho();
    const answer = await open(client, server).unary(stats, {}, { header: [[key, value]] });
    expect(answer.code).toBe(0);
    const sent = [value.replace(/=+$/, "")];
    expect(valuesOf(answer.header, key)).toEqual(sent);
    // Connect's protocols send trailers differently, and some clients show them as headers.
    if (client.listener === "grpc") expect(valuesOf(answer.trailer, key)).toEqual(sent);
  });

  it.for([
    ["a repeated key", "y-twice", ["one", "two"]],
    ["repeated bytes", "y-twice-bin", ["AAE=", "/v8="]],
    ["8 KiB", "y-long", ["y".repeat(8 * 1024)]],
  ] as const)("sends %s", async ([, key, values]) => {
    const { server, seen } = await startEcho();
    const header = values.map((value) => [key, value] as const);
    expect(await open(client, server).unary(stats, {}, { header })).toMatchObject({ code: 0 });
    const sent = values.map((value) => value.replace(/=+$/, ""));
    expect(valuesOf([[key, seen[0]?.get(key) ?? ""]], key)).toEqual(sent);
  });
});

describe.for(GRPC_CLIENTS)("$name", (client) => {
  it("gets an error for metadata above the limit, and its next call is answered", async () => {
    const server = await startServer();
    const connection = open(client, server);
    expect(await connection.unary(stats, {})).toMatchObject({ code: 0 });
    const header = [["x-long", "y".repeat(20 * 1024)]] as const;
    const outcome = await connection.unary(stats, {}, { header });
    expect([Code.ResourceExhausted, Code.Internal, Code.Unavailable]).toContain(outcome.code);
    expect(await connection.unary(stats, {})).toMatchObject({ code: 0 });
  });
});

describe("gRPC's headers", () => {
  it.for(["AAH+/w", "AAH+/w=="])("carry bytes written as %s", async (written) => {
    const { server } = await startEcho();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(STATS, EMPTY, { "x-bytes-bin": written });
    expect(outcome.code).toBe(0);
    const echoed = String(outcome.trailers["x-bytes-bin"]);
    expect([...Buffer.from(echoed, "base64")]).toEqual([0, 1, 254, 255]);
  });

  it("above the limit end one call, but no other of the connection", async () => {
    const server = await startServer();
    let finish = () => {};
    server.dlq.onStats = () =>
      new Promise((resolve) => {
        finish = () => resolve({ nowMs: 0, queues: [] });
      });
    const raw = await openRaw(server.grpc);
    const other = raw.send(STATS, EMPTY);
    const outcome = await raw.send(HEALTH, EMPTY, { "x-long": "y".repeat(20 * 1024) });
    expect(outcome.code).not.toBe(0);
    expect(await raw.send(HEALTH, EMPTY)).toMatchObject({ code: 0 });
    finish();
    expect(await other).toMatchObject({ code: 0 });
  });

  it.for([
    "application/grpc",
    "application/grpc+proto",
    "application/grpc;charset=utf-8",
    "application/grpc+proto; charset=utf-8",
  ])("may have content-type: %s", async (type) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(STATS, EMPTY, { "content-type": type });
    expect(outcome).toMatchObject({ httpStatus: 200, code: 0 });
    expect(outcome.headers["content-type"]).toMatch(/^application\/grpc(\+proto)?$/);
  });

  it.for(["text/plain", "application/x-protobuf", undefined])(
    "are 415 with content-type: %s",
    async (type) => {
      const server = await startServer();
      const raw = await openRaw(server.grpc);
      const outcome = await raw.send(STATS, EMPTY, { "content-type": type });
      expect(outcome.httpStatus).toBe(415);
      expect(server.dlq.statsOf).toEqual([]);
      expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
    },
  );

  it("may lack te: trailers, which some proxies remove", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(STATS, EMPTY, { te: undefined });
    expect(outcome).toMatchObject({ httpStatus: 200, code: 0 });
  });

  it.for(["GET", "PUT", "OPTIONS"])("are refused with the method %s", async (method) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(STATS, new Uint8Array(0), { ":method": method });
    expect(outcome.code).not.toBe(0);
    expect([405, 415]).toContain(outcome.httpStatus);
    expect(server.dlq.statsOf).toEqual([]);
  });

  it.for(["/", "/metrics", "/dlq.v1.DlqService", "/dlq.v1.DlqService/Stats/", "/a/b/c"])(
    "with the path %s are no method",
    async (path) => {
      const server = await startServer();
      const raw = await openRaw(server.grpc);
      const { httpStatus, code } = await raw.send(path, EMPTY);
      expect(httpStatus === 404 || code === Code.Unimplemented).toBe(true);
      expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
    },
  );
});

it("trailers stay under 4 KiB with 64 violations", async () => {
  const server = await startServer();
  const field = `attributes["${"ж".repeat(64)}"]`;
  const description = "слишком длинное значение; сократите его".repeat(4);
  server.dlq.onSend = () => invalid(Array.from({ length: 64 }, () => ({ field, description })));
  const payload = { body: { case: "text" as const, value: "{}" } };
  const request = encode(SendToDlqRequestSchema, { queue: "q", payload });
  const outcome = await (await openRaw(server.grpc)).send(SEND, request);
  expect(outcome.code).toBe(Code.InvalidArgument);
  const all = Object.entries({ ...outcome.headers, ...outcome.trailers });
  const bytes = all.reduce((sum, [key, value]) => sum + key.length + String(value).length + 32, 0);
  expect(bytes).toBeLessThan(4 * 1024);
});
