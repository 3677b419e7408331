// Batch jobs on a running server: what they select, what they do to each message, and that it is true what they say.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type BatchJob,
  type BatchJobSpecSchema,
  BatchJobState,
} from "../../gen/dlq/v1/batch_job_pb.ts";
import { type TransformSchema, TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { MessageState, QuarantineReason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../support/grpc.ts";
import { dueIn, type SendRequest, sendRequests, text } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

type Spec = MessageInitShape<typeof BatchJobSpecSchema>;
type Transforms = MessageInitShape<typeof TransformSchema>[];
const RETRY = { action: { case: "retry", value: {} } } as const;
const QUARANTINED = { importedHistory: { quarantined: true } };

async function send(queue: string, count: number, over: SendRequest = QUARANTINED) {
  for (let left = count; left > 0; left -= 500) {
    const requests = sendRequests(Math.min(left, 500), queue, over);
    const { results } = await dlq.sendToDlqBatch({ requests });
    expect(results.every(({ outcome }) => outcome.case === "response")).toBe(true);
  }
}

async function create(spec: Spec): Promise<BatchJob> {
  const { job } = await client.admin.createBatchJob({ spec: { ...RETRY, ...spec } });
  return job as BatchJob;
}

async function ended({ id }: BatchJob): Promise<BatchJob> {
  let last: BatchJob | undefined;
  for await (const { job } of client.admin.watchBatchJob({ id })) last = job;
  return last as BatchJob;
}

const run = async (spec: Spec) => ended(await create(spec));

test("a retry makes what it selects due, in all queues of a pattern, and counts it", async () => {
  await send("all-a", 1_200);
  await send("all-b", 300);
  await send("other", 10);
  const job = await run({ queue: "all-*", reason: "the host is back" });
  expect(job).toMatchObject({
    ...{ state: BatchJobState.DONE, problem: "", spec: { reason: "the host is back" } },
    counts: { selectedCount: 1_500n, doneCount: 1_500n, changedCount: 0n, refused: [] },
  });
  for (const [queue, dueNow] of [
    ["all-a", 1_200],
    ["all-b", 300],
    ["other", 0],
  ] as const)
    expect(await statsOf(dlq, queue)).toMatchObject({ queue, dueNow: BigInt(dueNow) });
  expect((await client.admin.getBatchJob({ id: job.id })).job).toEqual(job);
});

test("it selects by a filter", async () => {
  await send("filtered", 20);
  await send("filtered", 5, { ...QUARANTINED, priority: 3 });
  const job = await run({
    queue: "filtered",
    filter: "message.priority == 3 && state == 'QUARANTINED'",
  });
  expect(job.counts).toMatchObject({ selectedCount: 5n, doneCount: 5n });
});

test("a dry run changes nothing, and shows counts and samples", async () => {
  await send("dry", 7);
  const job = await run({ queue: "dry", dryRun: true });
  expect(job).toMatchObject({
    state: BatchJobState.DONE,
    counts: { selectedCount: 7n, doneCount: 0n },
    samples: Array.from({ length: 5 }, () => ({ queue: "dry" })),
  });
  expect((await statsOf(dlq, "dry")).dueNow).toBe(0n);
});

test("another number than expected changes nothing", async () => {
  await send("expected", 3);
  const job = await run({ queue: "expected", expectedCount: { min: 4n, max: 5n } });
  expect(job).toMatchObject({ state: BatchJobState.FAILED, counts: { doneCount: 0n } });
  expect(job.problem).toContain("expected 4 to 5 messages and found 3; nothing was changed");
  const right = await run({ queue: "expected", expectedCount: { min: 3n, max: 3n } });
  expect(right).toMatchObject({ state: BatchJobState.DONE, counts: { doneCount: 3n } });
});

test("what a worker holds is not selected, with why", async () => {
  await send("held", 2, {});
  const worker = await Worker.open(dlq, { queues: ["held"], maxInFlight: 1 });
  await worker.hasReceived(1);
  const job = await run({ queue: "held" });
  expect(job.counts).toMatchObject({
    ...{ selectedCount: 1n, doneCount: 1n },
    notSelected: [{ why: "a worker holds it", count: 1n, queue: "held" }],
  });
  await worker.close();
});

test("quarantine holds scheduled messages; discard and purge remove them", async () => {
  await send("acts", 4, dueIn(3_600_000));
  const value = {};
  const held = await run({ queue: "acts", action: { case: "quarantine", value } });
  expect(held.counts).toMatchObject({ selectedCount: 4n, doneCount: 4n });
  expect((await statsOf(dlq, "acts")).counts).toMatchObject([
    {
      ...{ state: MessageState.QUARANTINED, count: 4n },
      quarantineReason: QuarantineReason.OPERATOR_REQUEST,
    },
  ]);
  const again = await run({ queue: "acts", action: { case: "quarantine", value } });
  expect(again.counts).toMatchObject({
    ...{ selectedCount: 0n, doneCount: 0n },
    notSelected: [{ why: "it is in quarantine already", count: 4n }],
  });
  const { samples } = await run({ queue: "acts", dryRun: true });
  const ids = samples.map(({ id }) => id).slice(0, 1);
  const purged = await run({ queue: "acts", ids, action: { case: "purge", value } });
  expect(purged.counts).toMatchObject({ selectedCount: 1n, doneCount: 1n });
  const discarded = await run({ queue: "acts", action: { case: "discard", value } });
  expect(discarded.counts).toMatchObject({ selectedCount: 3n, doneCount: 3n });
  expect((await statsOf(dlq, "acts")).counts).toEqual([]);
});

test("what a purge removes can be brought back, unless it erases at once", async () => {
  await send("erased", 3);
  const purge = (value: { now?: boolean }, ids: string[] = []) =>
    run({ queue: "erased", ids, action: { case: "purge", value } });
  const { samples } = await run({ queue: "erased", dryRun: true });
  const [kept = ""] = samples.map(({ id }) => id);
  await purge({}, [kept]);
  const erased = await purge({ now: true });
  expect(erased.counts).toMatchObject({ selectedCount: 2n, doneCount: 2n });
  const deleted = await client.admin.listDeleted({ queue: "erased" });
  expect(deleted.messages.map(({ id }) => id)).toEqual([kept]);
  expect((await statsOf(dlq, "erased")).totals).toMatchObject({ purged: 3n });
});

test("a move keeps messages as they are, in the other queue", async () => {
  await send("from", 250, dueIn(3_600_000));
  await send("from", 250);
  const move = { action: { case: "move" as const, value: { queue: "to" } } };
  const job = await run({ queue: "from", ...move });
  expect(job.counts).toMatchObject({ selectedCount: 500n, doneCount: 500n });
  const { counts } = await until("all messages to be in the other queue", async () => {
    const stats = await statsOf(dlq, "to");
    return stats.scheduled + stats.quarantined === 500n ? stats : undefined;
  });
  expect(counts).toMatchObject([
    { state: MessageState.SCHEDULED, count: 250n },
    { state: MessageState.QUARANTINED, count: 250n },
  ]);
  expect((await statsOf(dlq, "to")).dueNow).toBe(0n);
  const again = await run({ queue: "to", ...move });
  expect(again.counts?.notSelected).toMatchObject([{ why: "it is in that queue already" }]);
});

test("a move that the other queue refuses is counted as refused", async () => {
  await client.admin.updateQueue({ queue: { name: "small", config: { maxMessages: 3n } } });
  await send("large", 5);
  const job = await run({ queue: "large", action: { case: "move", value: { queue: "small" } } });
  expect(job).toMatchObject({
    state: BatchJobState.DONE,
    counts: {
      ...{ selectedCount: 5n, doneCount: 3n, changedCount: 0n },
      refused: [{ why: "the other queue has max_messages messages; it is back", count: 2n }],
    },
  });
  expect(await statsOf(dlq, "large")).toMatchObject({ quarantined: 2n });
  expect(await statsOf(dlq, "small")).toMatchObject({ quarantined: 3n });
});

test("messages that move back and forth are never lost", async () => {
  await send("forth", 3);
  const move = (from: string, to: string) =>
    run({ queue: from, action: { case: "move", value: { queue: to } } });
  for (const [from, to] of [
    ...[["forth", "back"] as const, ["back", "forth"] as const],
    ...[["forth", "back"] as const, ["back", "forth"] as const],
  ] as const) {
    expect(await move(from, to)).toMatchObject({ counts: { doneCount: 3n, refused: [] } });
    expect(await statsOf(dlq, from)).toMatchObject({ quarantined: 0n });
    expect(await statsOf(dlq, to)).toMatchObject({ quarantined: 3n });
  }
});

test("a refused move can succeed later", async () => {
  await send("retried", 2);
  const queue = { name: "narrow", config: { maxMessages: 1n } };
  await client.admin.updateQueue({ queue });
  const spec: Spec = { queue: "retried", action: { case: "move", value: { queue: "narrow" } } };
  expect((await run(spec)).counts?.doneCount).toBe(1n);
  await client.admin.updateQueue({ queue: { ...queue, config: { maxMessages: 9n } } });
  await until("the new limit", async () =>
    (await run(spec)).counts?.doneCount === 1n ? true : undefined,
  );
});

test("edits are previewed, applied once, and refused where they cannot be applied", async () => {
  await send("edited", 2, { ...QUARANTINED, payload: text('{"date":"1 May"}') });
  await send("edited", 1, { ...QUARANTINED, payload: text("no JSON") });
  const value = '[{"op":"add","path":"/fixed","value":true}]';
  const transforms: Transforms = [
    { target: TransformTarget.PAYLOAD, patch: { case: "jsonPatch", value } },
  ];
  const edit = { case: "edit" as const, value: { transforms } };
  const preview = await run({ queue: "edited", dryRun: true, action: edit });
  expect(preview.samples[0]).toMatchObject({
    before: { payload: text('{"date":"1 May"}') },
    after: { payload: text('{"date":"1 May","fixed":true}') },
  });
  const job = await run({ queue: "edited", action: edit });
  expect(job.counts).toMatchObject({ selectedCount: 3n, doneCount: 2n, refused: [{ count: 1n }] });
  const stored = await client.admin.getMessage({
    queue: "edited",
    id: preview.samples[0]?.id ?? "",
  });
  expect(stored.message?.message).toMatchObject({ payload: text('{"date":"1 May","fixed":true}') });
});

test("it can be paused, resumed and cancelled, and works at no more than its rate", async () => {
  await send("paced", 400);
  const job = await create({ queue: "paced", maxRate: 100 });
  const { job: paused } = await client.admin.pauseBatchJob({ id: job.id });
  expect(paused?.state).toBe(BatchJobState.PAUSED);
  await client.admin.pauseBatchJob({ id: job.id });
  const { job: resumed } = await client.admin.resumeBatchJob({ id: job.id });
  expect([BatchJobState.COUNTING, BatchJobState.RUNNING]).toContain(resumed?.state);
  for await (const { job: now } of client.admin.watchBatchJob({ id: job.id }))
    if ((now?.counts?.doneCount ?? 0n) > 0n) await client.admin.cancelBatchJob({ id: job.id });
  const { job: over } = await client.admin.getBatchJob({ id: job.id });
  expect(over?.state).toBe(BatchJobState.CANCELLED);
  const done = (await statsOf(dlq, "paced")).dueNow;
  expect(done).toBeLessThan(400n);
  await expect(client.admin.resumeBatchJob({ id: job.id })).rejects.toThrow(
    "has ended (CANCELLED)",
  );
});

test("the same request creates one job; the list has the latest first", async () => {
  const request = { spec: { ...RETRY, queue: "twice" }, requestId: "once" };
  const [one, two] = [
    await client.admin.createBatchJob(request),
    await client.admin.createBatchJob(request),
  ];
  expect(two.job?.id).toBe(one.job?.id);
  const { jobs, nextPageToken } = await client.admin.listBatchJobs({ pageSize: 2 });
  expect(jobs[0]?.id).toBe(one.job?.id);
  expect(jobs).toHaveLength(2);
  const next = await client.admin.listBatchJobs({ pageSize: 2, pageToken: nextPageToken });
  expect(next.jobs[0]?.id).not.toBe(jobs[1]?.id);
});

test("a request that was used for another job is refused", async () => {
  const requestId = "taken";
  await client.admin.createBatchJob({ spec: { ...RETRY, queue: "one" }, requestId });
  await expect(
    client.admin.createBatchJob({ spec: { ...RETRY, queue: "two" }, requestId }),
  ).rejects.toThrow("was used for j-");
});

test("samples go when the job ends, those of a dry run later; they say what is refused", async () => {
  await send("sampled", 2, { ...QUARANTINED, payload: text("no json") });
  const patch = { case: "jsonPatch" as const, value: '[{"op":"remove","path":"/a"}]' };
  const transforms = [{ target: TransformTarget.PAYLOAD, patch }];
  const action = { case: "edit" as const, value: { transforms } };
  const dry = await run({ queue: "sampled", action, dryRun: true });
  expect(dry.samples).toHaveLength(2);
  for (const { refusal } of dry.samples) expect(refusal).not.toBe("");
  expect((await run({ queue: "sampled" })).samples).toEqual([]);
});

test("a purge says how many messages cannot be brought back", async () => {
  const config = { retainBytes: 2_000n };
  await client.admin.updateQueue({ queue: { name: "limited", config } });
  await send("limited", 10);
  const action = { case: "purge" as const, value: {} };
  const dry = await until("the new setting", async () => {
    const job = await run({ queue: "limited", action, dryRun: true });
    return (job.counts?.notKeptCount ?? 0n) > 0n ? job : undefined;
  });
  const notKept = dry.counts?.notKeptCount ?? 0n;
  expect((await run({ queue: "limited", action })).counts?.doneCount).toBe(10n);
  const { totalCount } = await client.admin.listDeleted({ queue: "limited", pageSize: 1 });
  expect(BigInt(totalCount)).toBe(10n - notKept);
});

test.each([
  [{ queue: "" }, "spec.queue: is empty"],
  [{ queue: "a", filter: "nonsense(" }, "spec.filter"],
  [{ queue: "a", action: { case: undefined } }, "spec.action: is required"],
  [{ queue: "a", ids: ["x"] }, "spec.ids"],
  [{ queue: "a", groupId: "xyz" }, "spec.group_id"],
  [{ queue: "a", maxRate: -1 }, "spec.max_rate"],
  [{ queue: "a", maxRate: 1e-300 }, "spec.max_rate"],
  [{ queue: "a", expectedCount: { min: 5n, max: 4n } }, "spec.expected_count"],
  [{ queue: "a", reason: "x".repeat(256) }, "spec.reason"],
] as const)("%o is refused: %s", async (spec, why) => {
  await expect(create(spec as Spec)).rejects.toThrow(why);
});

test("a job with a rate works on a queue that workers drain at the same time", async () => {
  await send("drained", 600, {});
  const worker = await Worker.open(dlq, { queues: ["drained"], maxInFlight: 1 });
  worker.onReceived = (received) => void worker.settle(received);
  const action = { case: "discard" as const, value: {} };
  const job = await run({ queue: "drained", action, maxRate: 400 });
  await worker.close();
  const { doneCount = 0n, changedCount = 0n } = job.counts ?? {};
  expect(job.state).toBe(BatchJobState.DONE);
  expect(doneCount).toBeGreaterThan(changedCount);
});

test("jobs that wait hold up no other one", async () => {
  await send("waits", 10);
  const canary = { percents: [10] };
  const waiting = await Promise.all(
    Array.from({ length: 5 }, () =>
      create({ queue: "waits", action: { case: "retry", value: { canary } } }),
    ),
  );
  await send("goes-on", 3);
  expect(await run({ queue: "goes-on" })).toMatchObject({ state: BatchJobState.DONE });
  for (const { id } of waiting) await client.admin.cancelBatchJob({ id });
});
