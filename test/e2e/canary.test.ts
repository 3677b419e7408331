// Canaries of batch jobs on a running server: a few messages are tried, and what workers report decides about the rest.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type BatchJob,
  type BatchJobSpecSchema,
  BatchJobState,
  type CanarySchema,
} from "../../gen/dlq/v1/batch_job_pb.ts";
import { GroupState } from "../../gen/dlq/v1/group_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, sendRequest, succeeded, text } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { type Received, Worker } from "../support/worker.ts";

let redis: TestRedis;
let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeAll(async () => {
  redis = await startTestRedis();
  server = await startTestServer({ redisUrl: redis.url });
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  client?.close();
  await server?.stop();
  await redis?.stop();
});

type Canary = MessageInitShape<typeof CanarySchema>;
type Spec = MessageInitShape<typeof BatchJobSpecSchema> & object;

/** Stores messages in quarantine. The kind of their failure is their group. */
async function send(queue: string, count: number, kind: string) {
  const requests = Array.from({ length: count }, () =>
    sendRequest(queue, {
      importedHistory: { quarantined: true },
      failure: { type: "HTTPError", message: kind },
    }),
  );
  await dlq.sendToDlqBatch({ requests });
}

async function retry(canary: Canary, spec: Spec, value = {}): Promise<BatchJob> {
  const action = { case: "retry" as const, value: { canary, ...value } };
  const { job } = await client.admin.createBatchJob({ spec: { action, ...spec } });
  return job as BatchJob;
}

async function ended({ id }: BatchJob, by = client): Promise<BatchJob> {
  let last: BatchJob | undefined;
  for await (const { job } of by.admin.watchBatchJob({ id })) last = job;
  return last as BatchJob;
}

async function work(
  queue: string,
  outcomeOf: (received: Received) => Parameters<Worker["settle"]>[1],
): Promise<Worker> {
  const worker = await Worker.open(dlq, { queues: [queue], maxInFlight: 100 });
  worker.onReceived = (received) => void worker.settle(received, outcomeOf(received));
  return worker;
}

async function keysOf(pattern: string): Promise<string[]> {
  const connection = new Redis(redis.url);
  const keys = await connection.keys(pattern);
  await connection.quit();
  return keys;
}

/** Lists of groups lag behind a little. */
const groupOf = (queue: string) =>
  until("a group", async () => {
    const { groups } = await client.admin.listGroups({ queue });
    return groups.length === 1 ? groups[0]?.id : undefined;
  });

test("a canary that succeeds tries each slice, then the rest, and resolves the group", async () => {
  await send("good-a", 150, "down");
  await send("good-b", 150, "down");
  const groupId = await groupOf("good-*");
  const workers = [await work("good-a", () => succeeded), await work("good-b", () => succeeded)];
  const spec = { queue: "good-*", groupId, reason: "it is back" };
  const job = await ended(await retry({ percents: [2, 10] }, spec, { resolveGroup: true }));
  expect(job).toMatchObject({
    ...{ state: BatchJobState.DONE, problem: "" },
    counts: { selectedCount: 300n, doneCount: 300n, changedCount: 0n },
    slices: [
      { percent: 2, messageCount: 6n, succeededCount: 6n, failedCount: 0n, failures: [] },
      { percent: 10, messageCount: 30n, succeededCount: 30n, failedCount: 0n, failures: [] },
    ],
  });
  for (const { beginTime, deadlineTime, endTime } of job.slices)
    expect([beginTime, deadlineTime, endTime]).not.toContain(undefined);
  const { group } = await client.admin.getGroup({ id: groupId });
  expect(group).toMatchObject({ state: GroupState.RESOLVED, note: `${job.id}: it is back` });
  for (const [at, queue] of ["good-a", "good-b"].entries()) {
    await until("all outcomes", async () => {
      const { totals } = await statsOf(dlq, queue);
      return totals?.succeeded === 150n || undefined;
    });
    await workers[at]?.close();
  }
  // Nothing is kept of it in the queues.
  const rest = (await keysOf("*good-*")).filter((key) => /:(job|slices):/.test(key));
  expect(rest).toEqual([]);
});

test("a canary with too few successes stops, and leaves the rest alone", async () => {
  await send("bad", 200, "denied");
  const groupId = await groupOf("bad");
  const worker = await work("bad", () =>
    failed({ failure: { type: "AuthError", message: "token refused" } }),
  );
  const job = await ended(await retry({ percents: [5, 50] }, { queue: "bad", groupId }));
  await worker.close();
  expect(job).toMatchObject({
    state: BatchJobState.STOPPED,
    counts: { selectedCount: 200n, doneCount: 10n },
    slices: [{ percent: 5, messageCount: 10n, succeededCount: 0n }],
  });
  expect(job.problem).toContain("of the 5 % slice failed, and at least 95 % must succeed");
  const [failure] = job.slices[0]?.failures ?? [];
  expect(failure).toMatchObject({ title: "AuthError: token refused", isNew: true });
  expect(failure?.groupId).not.toBe(groupId);
  expect(await statsOf(dlq, "bad")).toMatchObject({ quarantined: 190n });
  expect((await client.admin.getGroup({ id: groupId })).group?.state).toBe(GroupState.OPEN);
  await expect(client.admin.resumeBatchJob({ id: job.id })).rejects.toThrow("ended (STOPPED)");
});

test("each group has a message in the first slice", async () => {
  await send("mixed", 96, "large");
  for (const kind of ["small", "tiny", "rare", "odd"]) await send("mixed", 1, kind);
  const worker = await work("mixed", ({ message }) =>
    message.failure?.message === "rare" ? failed() : succeeded,
  );
  const created = await retry({}, { queue: "mixed" });
  expect(created.spec?.action.value).toMatchObject({
    canary: { percents: [1, 10], minSuccessRatio: 0.95, deadline: { seconds: 600n } },
  });
  const job = await ended(created);
  await worker.close();
  expect(job).toMatchObject({
    state: BatchJobState.STOPPED,
    slices: [{ messageCount: 5n, succeededCount: 4n, failedCount: 1n }],
  });
});

test("a slice of which no message can be retried stops it, with why", async () => {
  const requests = ["no json", "[1]", "[2]", "no json"].map((value) =>
    sendRequest("refused", {
      ...{ importedHistory: { quarantined: true }, payload: text(value) },
      failure: { type: "X", message: "same" },
    }),
  );
  await dlq.sendToDlqBatch({ requests });
  const patch = { case: "jsonPatch" as const, value: '[{"op":"add","path":"/-","value":3}]' };
  const transforms = [{ target: TransformTarget.PAYLOAD, patch }];
  const job = await ended(await retry({ percents: [25] }, { queue: "refused" }, { transforms }));
  expect(job).toMatchObject({ state: BatchJobState.STOPPED, counts: { doneCount: 0n } });
  expect(job.problem).toContain("no message of the 25 % slice could be retried");
  expect(job.counts?.refused).toHaveLength(1);
});

test("outcomes that do not come until the deadline stop it", async () => {
  await send("idle", 40, "down");
  const canary = { percents: [10], deadline: durationFromMs(1_000) };
  const job = await ended(await retry(canary, { queue: "idle" }));
  expect(job).toMatchObject({ state: BatchJobState.STOPPED, counts: { doneCount: 4n } });
  expect(job.problem).toContain("4 of 4 messages of the 10 % slice had no outcome in time");
});

test("messages that a person removes meanwhile count neither way", async () => {
  await send("removed", 10, "down");
  const job = await retry({ percents: [100] }, { queue: "removed" });
  for await (const { job: now } of client.admin.watchBatchJob({ id: job.id })) {
    if (now?.slices[0]?.deadlineTime === undefined) continue;
    if (now.state !== BatchJobState.CANARY) continue;
    const purge = { action: { case: "purge" as const, value: {} }, queue: "removed" };
    await client.admin.createBatchJob({ spec: purge, requestId: "remove-them" });
  }
  const over = await ended(job);
  expect(over).toMatchObject({
    state: BatchJobState.STOPPED,
    slices: [{ withoutOutcomeCount: 10n }],
  });
  expect(over.problem).toContain("were changed or removed before they had an outcome");
});

test("it can be paused while it waits, and goes on where it was on another server", async () => {
  await send("handed", 100, "down");
  const other = await startTestServer({ redisUrl: redis.url });
  const second = connectTo(other.grpcAddress);
  const { job } = await second.admin.createBatchJob({
    spec: {
      queue: "handed",
      action: { case: "retry", value: { canary: { percents: [10, 20] } } },
    },
  });
  const { id } = job as BatchJob;
  for await (const { job: now } of client.admin.watchBatchJob({ id })) {
    if (now?.slices[0]?.deadlineTime === undefined) continue;
    await client.admin.pauseBatchJob({ id });
    break;
  }
  expect((await client.admin.getBatchJob({ id })).job).toMatchObject({
    ...{ state: BatchJobState.PAUSED, resumeState: BatchJobState.CANARY },
  });
  await client.admin.resumeBatchJob({ id });
  await other.kill9();
  const worker = await work("handed", () => succeeded);
  expect(await ended(job as BatchJob)).toMatchObject({
    state: BatchJobState.DONE,
    counts: { selectedCount: 100n, doneCount: 100n },
    slices: [
      { messageCount: 10n, succeededCount: 10n },
      { messageCount: 20n, succeededCount: 20n },
    ],
  });
  await worker.hasReceived(100);
  await worker.close();
  second.close();
  await other.stop();
});

test.each([
  [{ percents: [10, 5] }, "spec.retry.canary.percents"],
  [{ percents: [0] }, "spec.retry.canary.percents"],
  [{ percents: [101] }, "spec.retry.canary.percents"],
  [{ percents: [1, 2, 3, 4, 5, 6] }, "spec.retry.canary.percents"],
  [{ minSuccessRatio: 1.5 }, "spec.retry.canary.min_success_ratio"],
  [{ deadline: durationFromMs(10) }, "spec.retry.canary.deadline"],
] as const)("%o is refused: %s", async (canary, why) => {
  await expect(retry(canary as Canary, { queue: "a" })).rejects.toThrow(why);
});

test("only a job of a group can resolve one", async () => {
  await expect(retry({}, { queue: "a" }, { resolveGroup: true })).rejects.toThrow(
    "spec.retry.resolve_group: needs spec.group_id",
  );
});
