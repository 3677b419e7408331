import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, it } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState, QuarantineReason } from "../../gen/dlq/v1/state_pb.ts";
import {
  connectTo,
  type DlqClient,
  msOf,
  statsOf,
  storeNowMs,
  type TestClient,
} from "../support/grpc.ts";
import { dueIn, failed, sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { settle, Worker, type WorkerRequest } from "../support/worker.ts";

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

const WAIT = { interval: 50 };

/** A worker with the shortest lease. */
function hasty(queue: string, over: WorkerRequest = {}): Promise<Worker> {
  return Worker.open(dlq, { queues: [queue], leaseDuration: durationFromMs(1_000), ...over });
}

describe.concurrent("a lease", () => {
  it("that expires makes the message due with an unknown outcome, without counting an attempt", async ({
    expect,
  }) => {
    const worker = await hasty("expiring");
    await dlq.sendToDlq(sendRequest("expiring"));
    const first = await worker.next();
    const again = await worker.next();
    expect(again.message.id).toBe(first.message.id);
    // The first may arrive late on a busy machine.
    expect(again.atMs - first.atMs).toBeGreaterThanOrEqual(500);
    expect(again.delivery).toMatchObject({ attempt: 1, deliveryNumber: 2, outcomeUnknown: true });
    expect(await worker.settle(first)).toMatchObject({
      status: AckStatus.LEASE_LOST,
      state: MessageState.IN_FLIGHT,
    });
    expect((await worker.settle(again)).status).toBe(AckStatus.APPLIED);
    expect((await statsOf(dlq, "expiring")).totals).toMatchObject({ leaseExpiries: 1n });
    await worker.close();
  });

  it("that expired still accepts its outcome before the next delivery", async ({ expect }) => {
    const worker = await hasty("late");
    await dlq.sendToDlq(sendRequest("late"));
    const received = await worker.next();
    await worker.close();
    await expect.poll(async () => (await statsOf(dlq, "late")).scheduled, WAIT).toBe(1n);
    expect(await settle(dlq, received)).toMatchObject({
      status: AckStatus.APPLIED,
      state: MessageState.SUCCEEDED,
    });
    expect(await statsOf(dlq, "late")).toMatchObject({ scheduled: 0n, inFlight: 0n });
  });

  it("stays while it is extended, by token and by session", async ({ expect }) => {
    const worker = await hasty("extended");
    await dlq.sendToDlqBatch({ requests: sendRequests(2, "extended") });
    const [one, other] = await worker.take(2);
    if (!one || !other) throw new Error("not two");
    const leaseTokens = [one.delivery.leaseToken];
    const endsAtMs = msOf(one.delivery.leaseExpireTime);
    // By the store's clock well after the first lease, which was extended.
    while ((await storeNowMs(dlq)) < endsAtMs + 700) {
      const byToken = await dlq.extendLease({ leaseTokens });
      expect(byToken.results[0]).toMatchObject({ status: AckStatus.APPLIED, shouldStop: false });
      const bySession = await dlq.extendLease({ sessionId: worker.opened.sessionId });
      expect(bySession.results).toHaveLength(2);
      await worker.silence(2);
    }
    expect(worker.received).toHaveLength(2);
    expect((await worker.settle(one)).status).toBe(AckStatus.APPLIED);
    expect((await worker.settle(other)).status).toBe(AckStatus.APPLIED);
    const lost = await dlq.extendLease({ leaseTokens });
    expect(lost.results[0]).toMatchObject({ status: AckStatus.NOT_FOUND, shouldStop: true });
    await worker.close();
  });

  it("that expires twice leads to isolated delivery", async ({ expect }) => {
    const worker = await hasty("isolated", { maxInFlight: 1 });
    await dlq.sendToDlq(sendRequest("isolated"));
    const first = await worker.next();
    await worker.next();
    await worker.close();
    await expect
      .poll(async () => (await statsOf(dlq, "isolated")).totals?.leaseExpiries, WAIT)
      .toBe(2n);

    // Others are due and there is room, but they wait until the isolated message has an outcome.
    await dlq.sendToDlqBatch({ requests: sendRequests(3, "isolated") });
    const calm = await Worker.open(dlq, { queues: ["isolated"], maxInFlight: 10 });
    const isolated = await calm.next();
    expect(isolated.message.id).toBe(first.message.id);
    expect(isolated.delivery.outcomeUnknown).toBe(true);
    await calm.silence();
    expect(calm.received).toHaveLength(1);
    await calm.settle(isolated);
    for (const received of await calm.take(3)) await calm.settle(received);
    await calm.close();
  });

  it("that expires five times quarantines its message as a crash loop", async ({ expect }) => {
    const worker = await hasty("crashing");
    const { id } = await dlq.sendToDlq(sendRequest("crashing"));
    await worker.take(5);
    const quarantinedNow = async () => (await statsOf(dlq, "crashing")).quarantined;
    await expect.poll(quarantinedNow, WAIT).toBe(1n);
    expect((await statsOf(dlq, "crashing")).counts).toMatchObject([
      { quarantineReason: QuarantineReason.CRASH_LOOP, count: 1n },
    ]);
    await dlq.retry({ queue: "crashing", ids: [id] });
    const again = await worker.next();
    expect(again.delivery).toMatchObject({ attempt: 1, deliveryNumber: 6 });
    await worker.settle(again);
    await worker.close();
  });
});

describe.concurrent("a time to live", () => {
  it("that expires five times quarantines the message without a worker", async ({ expect }) => {
    await dlq.sendToDlq(sendRequest("short", { ttl: durationFromMs(1_000) }));
    await expect.poll(async () => (await statsOf(dlq, "short")).quarantined, WAIT).toBe(1n);
    expect((await statsOf(dlq, "short")).counts).toMatchObject([
      { quarantineReason: QuarantineReason.TTL_EXPIRED, count: 1n },
    ]);
  });

  it("in flight is not affected by time to live", async ({ expect }) => {
    const worker = await Worker.open(dlq, { queues: ["held"] });
    await dlq.sendToDlq(sendRequest("held", { ttl: durationFromMs(1_000) }));
    await dlq.sendToDlq(sendRequest("held", { ...dueIn(3_600_000), dedupKey: "later" }));
    const received = await worker.next();
    const life = msOf(received.message.expireTime);
    await expect.poll(() => storeNowMs(dlq), WAIT).toBeGreaterThan(life + 200);
    expect(await statsOf(dlq, "held")).toMatchObject({ inFlight: 1n, quarantined: 0n });
    expect((await worker.settle(received, failed())).status).toBe(AckStatus.APPLIED);
    await worker.close();
  });
});
