// The life of one message by every kind of client, with a whole server and its store.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../gen/dlq/v1/state_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { CLIENTS, open } from "./clients.ts";
import { frameOf, openRaw, STATS, splitFrames } from "./raw.ts";

const { sendToDlq, streamDue, ack, stats } = DlqService.method;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ args: ["--compress-min", "1"] });
});
afterAll(() => server.stop());

const addresses = () => ({ grpc: server.grpcAddress, http: server.httpAddress });

describe.for(CLIENTS)("$name", (client) => {
  it("sends, receives, acknowledges, and finds an empty queue", async () => {
    const connection = open(client, addresses());
    const queue = client.name.replace(/[^a-zA-Z]+/g, "-");
    const payload = { body: { case: "text" as const, value: `from ${client.name}` } };
    const request = { queue, payload, firstRetry: { case: "delay" as const, value: {} } };
    expect(await connection.unary(sendToDlq, request)).toMatchObject({ code: 0 });

    const controller = new AbortController();
    const { signal } = controller;
    const stream = connection.stream(streamDue, [{ queues: [queue] }], { signal });
    expect((await stream.next())?.frame.case).toBe("opened");
    const frame = (await stream.next())?.frame;
    if (frame?.case !== "deliveries") throw new Error(`it is ${frame?.case}`);
    const [delivery] = frame.value.deliveries;
    expect(delivery?.message?.payload?.body).toEqual(payload.body);

    const leaseToken = delivery?.leaseToken ?? "";
    const result = { case: "succeeded" as const, value: {} };
    const done = await connection.unary(ack, { outcomes: [{ leaseToken, result }] });
    expect(done.response?.results).toMatchObject([{ state: MessageState.SUCCEEDED }]);
    controller.abort();

    const left = await connection.unary(stats, { queues: [queue] });
    expect(left.response?.queues).toMatchObject([{ queue, scheduled: 0n, inFlight: 0n }]);
  });
});

it("compresses replies as configured, for clients that accept it", async () => {
  const raw = await openRaw(server.grpcAddress);
  const empty = frameOf(new Uint8Array(0));
  const accepting = await raw.send(STATS, empty, { "grpc-accept-encoding": "gzip" });
  expect(splitFrames(accepting.body)).toMatchObject([{ flags: 1 }]);
  const other = await raw.send(STATS, empty);
  expect(splitFrames(other.body)).toMatchObject([{ flags: 0 }]);
});
