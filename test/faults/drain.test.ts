import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { expect, it, onTestFinished, vi } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { HealthCheckResponse_ServingStatus as Serving } from "../../gen/health/v1/health_pb.ts";
import { connectTo, sendAll, statsOf } from "../support/grpc.ts";
import { sendRequests } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

async function start(graceMs: number) {
  const server = await startTestServer({ env: { DLQ_DRAIN_GRACE: `${graceMs}ms` } });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  return { server, ...client };
}

const WAIT = { interval: 50 };
const GRACE_MS = 60_000;

it("a stopping server accepts the outcomes of messages that its workers hold", async () => {
  const { server, dlq, health } = await start(GRACE_MS);
  const states: Serving[] = [];
  const watching = (async () => {
    for await (const { status } of health.watch({})) states.push(status);
  })().catch(() => {}); // the stream breaks at the end
  await vi.waitFor(() => expect(states).toEqual([Serving.SERVING]));

  await sendAll(dlq, sendRequests(10, "q"));
  const workers = await Promise.all(
    [1, 2].map(() => Worker.open(dlq, { queues: ["q"], maxInFlight: 3 })),
  );
  const held = await Promise.all(workers.map((worker) => worker.take(3)));
  const ended = server.terminate();
  for (const worker of workers) {
    expect(await worker.ended).toBeUndefined();
    expect(worker.drain?.grace && durationMs(worker.drain.grace)).toBe(GRACE_MS);
  }
  await vi.waitFor(() => expect(states).toEqual([Serving.SERVING, Serving.NOT_SERVING]));
  // The workers get no new messages, and their outcomes still count.
  expect(workers.map(({ received }) => received.length)).toEqual([3, 3]);
  const results = workers.flatMap((worker, index) =>
    (held[index] ?? []).map((received) => worker.settle(received)),
  );
  for (const result of results) expect((await result).status).toBe(AckStatus.APPLIED);
  // All outcomes are reported, so the server does not wait for the end of the grace period.
  const began = performance.now();
  expect(await ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(GRACE_MS / 2);
  await watching;

  await server.restart();
  const stats = await vi.waitFor(() => statsOf(dlq, "q"), WAIT);
  expect(stats).toMatchObject({ scheduled: 4n, inFlight: 0n, totals: { succeeded: 6n } });
});

it("a server under load stops, and messages without an outcome are delivered again", async () => {
  const { server, dlq } = await start(500);
  const request = { queues: ["q"], maxInFlight: 20, leaseDuration: durationFromMs(1_000) };
  await sendAll(dlq, sendRequests(100, "q"));
  const worker = await Worker.open(dlq, request);
  await worker.take(20);
  expect(await server.terminate()).toBe(0);
  expect(await worker.ended).toBeUndefined();

  await server.restart();
  const next = await vi.waitFor(() => Worker.open(dlq, request), WAIT);
  const ids = new Set<string>();
  next.onReceived = (received) => {
    ids.add(received.message.id);
    next.settle(received).catch(() => {});
  };
  await vi.waitFor(async () => expect(ids.size).toBe(100), WAIT);
  await vi.waitFor(async () => {
    expect((await statsOf(dlq, "q")).totals).toMatchObject({ succeeded: 100n });
  }, WAIT);
  await next.close();
});
