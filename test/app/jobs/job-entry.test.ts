import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  BatchJobSpecSchema,
  BatchJobState,
  CanarySchema,
} from "../../../gen/dlq/v1/batch_job_pb.ts";
import { JobCanary } from "../../../src/app/jobs/canary.ts";
import {
  JobEntry,
  JobImpossible,
  JobInterrupted,
  JobLost,
} from "../../../src/app/jobs/job-entry.ts";
import {
  decodeJobRecord,
  encodeJobRecord,
  jobTime,
  newJobRecord,
  newSlice,
} from "../../../src/codec/batch-job.ts";
import type { BatchJobs, StoredJob } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";

const at = useTestStore();
const jobs = () => at.current.store.jobs;
const NO_REQUEST = new Uint8Array();

/** Stores a job that runs. */
const stored = (state: BatchJobState = BatchJobState.RUNNING, fields = {}) =>
  jobs().create(NO_REQUEST, (number, nowMs) =>
    encodeJobRecord(newJobRecord({ id: `j-${number}`, state, ...fields }, nowMs)),
  );

async function begun(job: StoredJob): Promise<JobEntry> {
  const entry = new JobEntry(jobs(), (await jobs().get(job.number)) as StoredJob);
  await entry.begin();
  return entry;
}

const jobOf = async ({ number }: StoredJob) =>
  decodeJobRecord((await jobs().get(number))?.record ?? NO_REQUEST).job;

test("a server that another one has taken the job from stores nothing more", async () => {
  const job = await stored();
  const [late, present] = [await begun(job), await begun(job)];
  present.progress.counts.doneCount = 1_000n;
  await present.end(BatchJobState.DONE);
  late.progress.counts.doneCount = 275n;
  await expect(late.save()).rejects.toThrow(JobLost);
  expect(await jobOf(job)).toMatchObject({
    ...{ state: BatchJobState.DONE, counts: { doneCount: 1_000n } },
  });
});

test("what was done until somebody ended the job is stored", async () => {
  const job = await stored();
  const entry = await begun(job);
  const other = new JobEntry(jobs(), (await jobs().get(job.number)) as StoredJob);
  await other.fail("somebody ended it");
  entry.progress.counts.doneCount = 7n;
  await expect(entry.save()).rejects.toThrow(JobInterrupted);
  expect(await jobOf(job)).toMatchObject({
    ...{ state: BatchJobState.FAILED, counts: { doneCount: 7n } },
  });
});

test("a job ends if the clock steps back behind its creation", async () => {
  const entry = await begun(await stored());
  entry.record.createdMs = BigInt(Date.now() + 60_000);
  await expect(entry.save()).rejects.toThrow(JobImpossible);
});

test("the end of a slice and of the job that it stops are stored together", async () => {
  const time = jobTime(START_MS);
  const slice = newSlice({ percent: 1, messageCount: 1n, beginTime: time, deadlineTime: time });
  const spec = create(BatchJobSpecSchema, { queue: "a" });
  const job = await stored(BatchJobState.CANARY, { spec, slices: [slice] });
  const entry = await begun(job);
  entry.record.sliceQueues = ["a"];
  Object.assign(entry.progress.counts, { selectedCount: 10n, doneCount: 1n });
  const lost: BatchJobs = Object.create(jobs(), {
    forgetOutcomes: { value: () => Promise.reject(new Error("the server dies")) },
    outcomes: {
      value: async () => ({
        ...{ messages: 1, succeeded: 0, failed: 1, withoutOutcome: 0, failures: new Map() },
      }),
    },
    nowMs: { value: async () => START_MS },
  });
  const parts = { store: { jobs: lost }, groups: {}, sleep: async () => {} };
  const canary = create(CanarySchema, { percents: [1], minSuccessRatio: 1 });
  const { signal } = new AbortController();
  const passed = await new JobCanary(parts as never, entry, {} as never, canary, signal).run();
  expect(passed).toBe(false);
  expect(await jobOf(job)).toMatchObject({ state: BatchJobState.STOPPED, slices: [{}] });
});

test("a job that waits writes nothing", async () => {
  const job = await stored();
  const entry = await begun(job);
  await entry.save();
  const before = (await jobs().get(job.number))?.record;
  await entry.save();
  expect((await jobs().get(job.number))?.record).toEqual(before);
  entry.progress.counts.doneCount = 1n;
  await entry.save();
  expect(await jobOf(job)).toMatchObject({ counts: { doneCount: 1n } });
});

test("a pause in the moment when a phase ends leaves its counts", async () => {
  const job = await stored(BatchJobState.COUNTING);
  const entry = await begun(job);
  entry.progress.counts.examinedCount = 9n;
  const seen = (await jobs().get(job.number)) as StoredJob;
  const record = decodeJobRecord(seen.record);
  Object.assign(record.job ?? {}, { state: BatchJobState.PAUSED });
  await jobs().replace(seen, encodeJobRecord(record), "PAUSED");
  await expect(entry.saveAtStart(() => {})).rejects.toThrow(JobInterrupted);
  expect(await jobOf(job)).toMatchObject({ counts: { examinedCount: 9n } });
});
