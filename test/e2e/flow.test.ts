import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { StreamDueRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo, type DlqClient, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { blob, released, sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type Received, Worker } from "../support/worker.ts";

let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeAll(async () => {
  server = await startTestServer({
    env: { DLQ_HEARTBEAT_INTERVAL: "50ms" },
  });
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const bytesOf = (received: readonly Received[]) =>
  received.reduce((sum, { message: { payload } }) => {
    return sum + (payload?.body.case === "data" ? payload.body.value.length : 0);
  }, 0);

describe("max_in_flight", () => {
  it.each([1, 16, 1_000])("of %i is reached and never exceeded", async (maxInFlight) => {
    const queue = `most-${maxInFlight}`;
    await sendAll(dlq, sendRequests(maxInFlight * 3, queue));
    const worker = await Worker.open(dlq, { queues: [queue], maxInFlight });
    const held = await worker.take(maxInFlight);
    await worker.silence();
    expect(worker.received).toHaveLength(maxInFlight);

    // Some room is freed: exactly as many messages arrive.
    const part = Math.ceil(maxInFlight / 2);
    await worker.settleAll(held.splice(0, part));
    held.push(...(await worker.take(part)));
    await worker.silence();
    expect(worker.received).toHaveLength(maxInFlight + part);

    // Also while outcomes and deliveries cross.
    let now = held.length;
    let most = now;
    worker.onReceived = (received) => {
      most = Math.max(most, ++now);
      now--; // from here on the server may count it as settled
      worker.settle(received).catch(() => {});
    };
    now -= held.length;
    await worker.settleAll(held);
    await worker.hasReceived(maxInFlight * 3);
    expect(most).toBeLessThanOrEqual(maxInFlight);
    const nothingInFlight = async () => expect((await statsOf(dlq, queue)).inFlight).toBe(0n);
    await vi.waitFor(nothingInFlight, { timeout: 10_000 });
    await worker.close();
  });

  it("is shared by all queues of a stream", async () => {
    const queues = ["shared-a", "shared-b", "shared-c"];
    for (const queue of queues) await sendAll(dlq, sendRequests(20, queue));
    const worker = await Worker.open(dlq, { queues, maxInFlight: 10 });
    for (let left = 60; left > 0; left -= 10) {
      const held = await worker.take(10);
      await worker.silence(2);
      expect(worker.received).toHaveLength(60 - left + 10);
      await worker.settleAll(held);
    }
    await worker.close();
  });

  it("frees room after a release", async () => {
    await sendAll(dlq, sendRequests(4, "given-back"));
    const worker = await Worker.open(dlq, { queues: ["given-back"], maxInFlight: 2 });
    await worker.settleAll(await worker.take(2), released());
    await worker.take(2);
    await worker.silence(30); // longer than the releases wait
    expect(worker.received).toHaveLength(4);
    await worker.close();
  });
});

describe("max_in_flight_bytes", () => {
  const KIB = 1024;

  it("is never exceeded", async () => {
    const payload = blob(100 * KIB);
    await sendAll(dlq, sendRequests(30, "bytes", { payload }));
    const request = { queues: ["bytes"], maxInFlight: 100, maxInFlightBytes: 350n * 1024n };
    const worker = await Worker.open(dlq, request);
    for (let left = 30; left > 0; left -= 3) {
      const held = await worker.take(3);
      await worker.silence(2);
      expect(bytesOf(worker.received)).toBe((30 - left + 3) * 100 * KIB);
      await worker.settleAll(held);
    }
    await worker.close();
  });

  it("allows a single larger message", async () => {
    const sizes = [10, 10, 700, 10, 10];
    for (const kib of sizes)
      await dlq.sendToDlq(sendRequest("large", { payload: blob(kib * KIB) }));
    const request = { queues: ["large"], maxInFlight: 100, maxInFlightBytes: 100n * 1024n };
    const worker = await Worker.open(dlq, request);
    const before = await worker.take(2);
    await worker.silence();
    expect(worker.received).toHaveLength(2);
    await worker.settleAll(before);
    const large = await worker.next();
    await worker.silence();
    expect(bytesOf([large])).toBe(700 * KIB);
    expect(worker.received).toHaveLength(3);
    await worker.settle(large);
    await worker.settleAll(await worker.take(2));
    await worker.close();
  });
});

describe("a stream that does not read", () => {
  /** A stream with plain HTTP/2 that is not read after its first bytes. */
  async function openAndStall(queue: string) {
    const session: ClientHttp2Session = connect(`http://${server.grpcAddress}`);
    session.on("error", () => {});
    const stream: ClientHttp2Stream = session.request({
      ":method": "POST",
      ":path": "/dlq.v1.DlqService/StreamDue",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    const request = create(StreamDueRequestSchema, { queues: [queue], maxInFlight: 10_000 });
    const message = toBinary(StreamDueRequestSchema, request);
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    await once(stream, "data");
    stream.pause();
    return session;
  }

  it("gets little more than its window, and unwritten messages return at once", async () => {
    const session = await openAndStall("stalled");
    // 32 MiB in total; the client's window is 64 KiB.
    const one = sendRequest("stalled", { payload: blob(1024 * 1024) });
    // One after another: a busy server refuses large calls beyond its limit of bytes in progress.
    for (let n = 0; n < 32; n++) await dlq.sendToDlq(one);
    await vi.waitFor(async () =>
      expect(Number((await statsOf(dlq, "stalled")).inFlight)).toBeGreaterThan(0),
    );
    // Another worker gets messages meanwhile, so the queue is not blocked.
    const other = await Worker.open(dlq, { queues: ["stalled"], maxInFlight: 1 });
    for (let n = 0; n < 10; n++) await other.settle(await other.next());
    await other.close();
    const stats = await statsOf(dlq, "stalled");
    console.info(`a stalled stream holds ${stats.inFlight} messages of 1 MiB`);
    expect(Number(stats.inFlight)).toBeLessThanOrEqual(5);

    session.destroy();
    // Sent messages (one written, one being written) keep their leases. The others are due again,
    // long before a lease ends.
    await vi.waitFor(async () =>
      expect(Number((await statsOf(dlq, "stalled")).inFlight)).toBeLessThanOrEqual(2),
    );
    expect((await statsOf(dlq, "stalled")).totals).toMatchObject({ leaseExpiries: 0n });
  });
});
