import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import {
  connectTo,
  type DlqClient,
  msOf,
  statsOf,
  storeNowMs,
  type TestClient,
} from "../support/grpc.ts";
import * as sendRequests from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

const { dueIn, failed, sendRequest, retriesAtOnce, text } = sendRequests;

let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeAll(async () => {
  server = await startTestServer({ env: { DLQ_HEARTBEAT_INTERVAL: "50ms" } });
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

describe.concurrent("a message a message", () => {
  it("with a delay is delivered when it is due, and removed after success", async () => {
    const worker = await Worker.open(dlq, { queues: ["delayed"] });
    const sent = await dlq.sendToDlq(sendRequest("delayed", dueIn(1_000)));
    expect(sent.state).toBe(MessageState.SCHEDULED);
    const received = await worker.next();
    const lateMs = received.atMs - msOf(sent.dueTime);
    console.info(`streamed ${lateMs} ms after it was due`);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(250); // 50 on a quiet machine
    expect(received.message.id).toBe(sent.id);
    expect(received.delivery).toMatchObject({ attempt: 1, deliveryNumber: 1 });
    expect(await statsOf(dlq, "delayed")).toMatchObject({
      inFlight: 1n,
      scheduled: 0n,
      workers: 1,
    });
    expect(await worker.settle(received)).toMatchObject({
      status: AckStatus.APPLIED,
      state: MessageState.SUCCEEDED,
    });
    expect(await statsOf(dlq, "delayed")).toMatchObject({
      inFlight: 0n,
      scheduled: 0n,
      quarantined: 0n,
      bytes: 0n,
      totals: { accepted: 1n, succeeded: 1n, deliveries: 1n },
    });
    await worker.close();
  });

  it("keeps every field of its producer", async () => {
    const worker = await Worker.open(dlq, { queues: ["whole"] });
    const whole = {
      payload: { ...text("naïve ☃"), contentType: "text/plain" },
      attributes: { tenant: "a", "x-2": "" },
      failure: { reason: Reason.WEBHOOK_FAILED, type: "E", message: "m", httpStatus: 502 },
      sourceId: "source",
      dedupKey: "dedup",
      orderingKey: "order",
      origin: { service: "shop", coordinates: { topic: "t", offset: "7" } },
      traceContext: { traceparent: "00-1-2-03" },
      priority: -5,
    };
    await dlq.sendToDlq(sendRequest("whole", whole));
    const { message, delivery } = await worker.next();
    expect(message).toMatchObject({ ...whole, reason: Reason.WEBHOOK_FAILED, failureCount: 1 });
    await worker.settle({ message, delivery, atMs: 0 });
    await worker.close();
  });

  it("fails three times, is quarantined, and starts a new round by Retry", async () => {
    const worker = await Worker.open(dlq, { queues: ["failing"] });
    const { id } = await dlq.sendToDlq(sendRequest("failing", retriesAtOnce(3)));
    for (const attempt of [1, 2]) {
      const received = await worker.next();
      expect(received.delivery).toMatchObject({ attempt, deliveryNumber: attempt });
      expect(received.message).toMatchObject({ attempts: attempt - 1, failureCount: attempt });
      expect((await worker.settle(received, failed())).state).toBe(MessageState.SCHEDULED);
    }
    const last = await worker.settle(await worker.next(), failed());
    expect(last).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    });
    const { totalPoisonMessages } = await dlq.stats({ queues: ["failing"] });
    expect(totalPoisonMessages).toBe(1n);

    const retried = await dlq.retry({ queue: "failing", ids: [id] });
    expect(retried).toMatchObject({ retriedCount: 1, refused: [] });
    const again = await worker.next();
    expect(again.message).toMatchObject({ id, attempts: 0, failureCount: 4 });
    expect(again.message.failure).toMatchObject({ type: "Boom" });
    expect(again.delivery).toMatchObject({ attempt: 1, deliveryNumber: 4, outcomeUnknown: false });
    await worker.settle(again);
    expect((await statsOf(dlq, "failing")).totals).toMatchObject({
      failedAttempts: 3n,
      succeeded: 1n,
    });
    await worker.close();
  });

  it("waits longer with each release, and counts no attempt", async () => {
    const worker = await Worker.open(dlq, { queues: ["released"] });
    await dlq.sendToDlq(sendRequest("released"));
    const waits: number[] = [];
    for (const deliveryNumber of [1, 2]) {
      const received = await worker.next();
      expect(received.delivery).toMatchObject({ attempt: 1, deliveryNumber });
      expect(received.delivery.outcomeUnknown).toBe(false);
      const beforeMs = await storeNowMs(dlq);
      const { dueTime } = await worker.settle(received, sendRequests.released());
      waits.push(msOf(dueTime) - beforeMs);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(waits[0]).toBeLessThan(2_000);
    expect(waits[1]).toBeGreaterThanOrEqual(2_000);
    expect((await statsOf(dlq, "released")).totals).toMatchObject({
      released: 2n,
      failedAttempts: 0n,
    });
    await worker.close();
  });

  it("is quarantined, discarded, or quarantined as non-retryable by its worker", async () => {
    const worker = await Worker.open(dlq, { queues: ["statuses"] });
    await dlq.sendToDlqBatch({ requests: sendRequests.sendRequests(3, "statuses") });
    const [a, b, c] = await worker.take(3);
    if (!a || !b || !c) throw new Error("not three");
    expect(await worker.settle(a, sendRequests.quarantined)).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.WORKER_REQUEST,
    });
    expect(await worker.settle(b, sendRequests.discarded)).toMatchObject({
      state: MessageState.DISCARDED,
    });
    expect(await worker.settle(c, failed({ nonRetryable: true }))).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.NON_RETRYABLE,
    });
    expect(await worker.settle(a)).toMatchObject({ status: AckStatus.LEASE_LOST });
    expect(await worker.settle(b)).toMatchObject({ status: AckStatus.NOT_FOUND });
    await worker.close();
  });

  it("waits as long as retry_after says", async () => {
    const worker = await Worker.open(dlq, { queues: ["retry-after"] });
    await dlq.sendToDlq(sendRequest("retry-after", retriesAtOnce(3)));
    const beforeMs = Date.now();
    const retryAfter = durationFromMs(1_200);
    await worker.settle(await worker.next(), failed({ retryAfter }));
    const again = await worker.next();
    expect(again.atMs - beforeMs).toBeGreaterThanOrEqual(1_200);
    await worker.settle(again);
    await worker.close();
  });

  it("joined while in flight, is delivered again after its success", async () => {
    const worker = await Worker.open(dlq, { queues: ["joined"] });
    const same = sendRequest("joined", { dedupKey: "k", failure: { type: "First" } });
    const { id } = await dlq.sendToDlq(same);
    const received = await worker.next();
    const join = await dlq.sendToDlq({ ...same, failure: { type: "Second" } });
    expect(join).toMatchObject({ id, duplicate: true, state: MessageState.IN_FLIGHT });
    expect((await worker.settle(received)).state).toBe(MessageState.SCHEDULED);
    const again = await worker.next();
    expect(again.message).toMatchObject({ id, failureCount: 2, failure: { type: "Second" } });
    expect((await worker.settle(again)).state).toBe(MessageState.SUCCEEDED);
    expect((await statsOf(dlq, "joined")).totals).toMatchObject({ accepted: 1n, joined: 1n });
    await worker.close();
  });

  it("is poison if its source was sent five times", async () => {
    const worker = await Worker.open(dlq, { queues: ["poison"] });
    for (let n = 0; n < 5; n++) {
      await dlq.sendToDlq(sendRequest("poison", { ...dueIn(3_600_000), sourceId: "order-7" }));
    }
    const { totals, counts } = await statsOf(dlq, "poison");
    expect(totals?.accepted).toBe(5n);
    expect(counts).toContainEqual(
      expect.objectContaining({
        state: MessageState.QUARANTINED,
        quarantineReason: QuarantineReason.POISON,
      }),
    );
    await worker.close();
  });

  it("is retried on time each time", async () => {
    const queues = ["again-1", "again-2", "again-3", "again-4"];
    await Promise.all(
      queues.map(async (queue) => {
        const worker = await Worker.open(dlq, { queues: [queue] });
        await dlq.sendToDlq(sendRequest(queue, retriesAtOnce(30)));
        for (let n = 1; n <= 29; n++) {
          const received = await worker.next();
          expect(received.atMs - msOf(received.message.dueTime)).toBeLessThan(500);
          await worker.settle(received, failed());
        }
        await worker.close();
      }),
    );
  });

  it("is stored once for one request_id, with the same answer", async () => {
    const request = sendRequest("same-call", { requestId: "r-1", ...dueIn(60_000) });
    const first = await dlq.sendToDlq(request);
    expect(await dlq.sendToDlq(request)).toEqual(first);
    expect((await statsOf(dlq, "same-call")).totals?.accepted).toBe(1n);
  });
});
