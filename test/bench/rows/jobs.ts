// Batch jobs: how fast one retries, and how fast messages are delivered beside one.

import { consume, DEADLINE_MS, expectEmpty, fill, rateOf } from "../consuming.ts";
import { RATE, type Row, type Trial, type TrialContext } from "../row.ts";
import { HELD } from "./deliver.ts";
import { PAYLOAD_BYTES } from "./send.ts";
import { queueSequence } from "./shared.ts";

const OURS = ["dlq:always"] as const;

/** Messages for one second of a sample: 50 s have a million. */
const PER_SECOND = 20_000;
/** Limit for one message of a job. */
const JOB_ONE_MS = 1;

export const jobRetry: Row = {
  name: "job-retry",
  words: "one batch job retries all messages of a queue in quarantine, counted first",
  measures: [RATE, { name: "create", unit: "ms", better: "lower" }],
  systems: OURS,
  warmUps: 1,
  open: openRetry,
};

async function openRetry({ system, scale }: TrialContext): Promise<Trial> {
  const load = system.startLoad();
  const nextQueue = queueSequence();
  const count = Math.max(1_000, Math.round(PER_SECOND * scale.seconds));
  let target = { queue: "", bytes: PAYLOAD_BYTES };
  return {
    async prepare() {
      target = { ...target, queue: nextQueue() };
      await fill(load, target, count, { quarantined: true });
    },
    async sample() {
      const result = await load.run({ op: "job", ...target }, DEADLINE_MS + count * JOB_ONE_MS);
      if (result.count !== count) throw new Error(`${result.count} of ${count} were retried`);
      const { p50Ms: create = Number.NaN } = result;
      return { figures: { rate: rateOf([result]), create }, messages: count };
    },
    async check() {
      const left = await load.run({ op: "left", ...target }, DEADLINE_MS);
      if (left.count !== count) throw new Error(`${left.count} of ${count} are due`);
    },
  };
}

/** Messages a second that the job beside deliveries retries. */
const JOB_RATE = 1_000;
/** The job has messages for so many times the time of the deliveries without it, and for so many seconds more. */
const JOB_TIMES = 3;
const JOB_MORE_SECONDS = 2;
const HELD_WITH_PREFETCH = 2 * HELD;

export const deliverBesideJob: Row = {
  name: "deliver-job",
  words: "deliver + ack, 1 worker, beside a batch job that retries 1,000 a second; and without it",
  measures: [
    RATE,
    { name: "alone", unit: "msg/s", better: "higher" },
    { name: "ratio", unit: "x", better: "higher" },
    { name: "job", unit: "msg/s", better: "higher" },
  ],
  systems: OURS,
  warmUps: 1,
  open: openDeliverBesideJob,
};

/** Deliveries with and without the job take turns, so that both meet the same machine. */
async function openDeliverBesideJob({ system, scale }: TrialContext): Promise<Trial> {
  const load = system.startLoad();
  const jobLoad = system.startLoad();
  const nextQueue = queueSequence();
  const count = Math.max(200, Math.round(PER_SECOND * scale.seconds));
  let target = { queue: "", bytes: PAYLOAD_BYTES };
  let alone = Number.NaN;
  const fillNext = async () => {
    target = { ...target, queue: nextQueue() };
    await fill(load, target, count);
  };
  const deliverAll = async () => {
    const command = { ...target, inFlight: HELD_WITH_PREFETCH, outcome: "succeed" } as const;
    return rateOf(await consume([load], command, count));
  };
  let running: Promise<number> | undefined;
  const startJob = async () => {
    const job = { queue: nextQueue(), bytes: PAYLOAD_BYTES };
    const jobCount = Math.ceil(JOB_RATE * (JOB_MORE_SECONDS + (JOB_TIMES * count) / alone));
    await fill(load, job, jobCount, { quarantined: true });
    const begun = Promise.withResolvers<void>();
    const command = { op: "job", ...job, maxRate: JOB_RATE } as const;
    const ended = jobLoad.run(command, DEADLINE_MS + jobCount * JOB_ONE_MS, () => begun.resolve());
    running = ended.then((result) => {
      if (result.count >= jobCount) throw new Error("the job ended before the sample");
      return rateOf([result]);
    });
    running.catch(begun.reject);
    await begun.promise;
  };
  return {
    async prepare() {
      await fillNext();
      alone = await deliverAll();
      await fillNext();
      await startJob();
    },
    async sample() {
      const rate = await deliverAll();
      jobLoad.stop();
      const job = (await running) ?? Number.NaN;
      return { figures: { rate, alone, ratio: rate / alone, job }, messages: count };
    },
    check: () => expectEmpty(load, target),
  };
}
