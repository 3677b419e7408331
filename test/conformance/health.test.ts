import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import { CLIENTS, open } from "./clients.ts";
import { startServer, untilIdle } from "./listener.ts";
import { openRaw } from "./raw.ts";

const { check, list, watch } = Health.method;

describe.for(CLIENTS)("$name", (client) => {
  it("checks, without a token", async () => {
    const server = await startServer({ tokens: ["t1"] });
    const connection = open(client, server);
    const serving = await connection.unary(check, {});
    expect(serving).toMatchObject({ code: 0, response: { status: Status.SERVING } });
    server.readiness.set("NOT_SERVING");
    const not = await connection.unary(check, { service: "dlq.v1.DlqService" });
    expect(not).toMatchObject({ code: 0, response: { status: Status.NOT_SERVING } });
  });

  it("gets NOT_FOUND for an unknown service", async () => {
    const server = await startServer();
    const outcome = await open(client, server).unary(check, { service: "no.such" });
    expect(outcome).toMatchObject({ code: Code.NotFound, message: 'unknown service "no.such"' });
  });

  it("cuts a long name in the error, and limits its length", async () => {
    const server = await startServer({ tokens: ["t1"] });
    const connection = open(client, server);
    const long = await connection.unary(check, { service: "\n".repeat(1_500) });
    expect(long.code).toBe(Code.NotFound);
    expect(long.message?.length).toBeLessThan(400);
    const longer = await connection.unary(check, { service: "x".repeat(8_000) });
    expect(longer.code).toBe(Code.ResourceExhausted);
  });

  it("lists", async () => {
    const server = await startServer();
    const { response } = await open(client, server).unary(list, {});
    expect(Object.keys(response?.statuses ?? {})).toEqual([
      "",
      "dlq.v1.DlqService",
      "dlq.v1.DlqAdminService",
    ]);
  });

  it("watches until it disconnects", async () => {
    const server = await startServer();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = open(client, server).stream(watch, [{}], { signal });
    expect(await stream.next()).toMatchObject({ status: Status.SERVING });
    server.readiness.set("NOT_SERVING");
    expect(await stream.next()).toMatchObject({ status: Status.NOT_SERVING });
    controller.abort();
    expect(await stream.next()).toBe(undefined);
    await untilIdle(server);
    await vi.waitFor(() => expect(server.readiness.listeners).toBe(0));
  });
});

it("a connection has a few streams of Watch, which end with its age", async () => {
  const server = await startServer({ config: { maxConnectionAgeMs: 1_000 }, tokens: ["t1"] });
  const session = await openRaw(server.grpc);
  const calls = Array.from({ length: 5 }, () => {
    const call = session.call("/grpc.health.v1.Health/Watch");
    call.stream.end(Buffer.alloc(5));
    return call;
  });
  const outcomes = await Promise.all(calls.map(({ ended }) => ended));
  expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 0, 0, 0, Code.ResourceExhausted]);
  await untilIdle(server);
});
