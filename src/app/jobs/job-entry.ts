import {
  type BatchJob,
  type BatchJobCounts,
  type BatchJobRecord,
  BatchJobState,
  copyCounts,
  decodeJobRecord,
  encodeJobRecord,
  encodePlace,
  type JobPlace,
  jobStateName,
  jobTime,
  newCounts,
  placeIn,
  START,
} from "../../codec/batch-job.ts";
import { internal } from "../../core/errors.ts";
import type { BatchJobs, JobStatus, StoredJob } from "../../store/contract.ts";

/** Somebody has paused or ended the job. */
export class JobInterrupted extends Error {
  override readonly name = "JobInterrupted";
}

/** Another server runs the job. */
export class JobLost extends Error {
  override readonly name = "JobLost";
}

/** The job can never be done. */
export class JobImpossible extends Error {
  override readonly name = "JobImpossible";
}

/** How far a job is. */
export interface JobProgress {
  counts: BatchJobCounts;
  place: JobPlace;
}

/** Tries when others write the same record. */
const TRIES = 20;

/** Returns the job of a record. Every record has one. */
export function jobIn({ job }: BatchJobRecord): BatchJob {
  if (job === undefined) throw internal(new Error("a record of a batch job has no job"));
  return job;
}

/** What a server should do about a job. */
export function statusOf({ state, endTime }: BatchJob): JobStatus {
  if (endTime !== undefined) return "ENDED";
  return state === BatchJobState.PAUSED ? "PAUSED" : "WAITING";
}

/** Ends a job at the time of its update. */
export function endJob(job: BatchJob, state: BatchJobState, problem = ""): void {
  Object.assign(job, { state, problem, endTime: job.updateTime, queue: "" });
  // They have content of messages that may be erased.
  if (job.spec?.dryRun !== true) job.samples = [];
}

/** Changes a job's record, also if others change it at the same time. Returns what `change` returns for the record that is written. */
export async function changeRecord<T>(
  jobs: BatchJobs,
  seen: StoredJob,
  change: (record: BatchJobRecord) => T,
): Promise<{ stored: StoredJob; record: BatchJobRecord; result: T } | undefined> {
  let stored: StoredJob | undefined = seen;
  for (let tries = 0; tries < TRIES && stored !== undefined; tries++) {
    const record = decodeJobRecord(stored.record);
    const result = change(record);
    const bytes = encodeJobRecord(record);
    const { number } = stored;
    if (await jobs.replace(stored, bytes, statusOf(jobIn(record))))
      return { stored: { number, record: bytes }, record, result };
    stored = await jobs.get(number);
  }
  if (stored !== undefined) throw internal(new Error(`job ${seen.number} changes all the time`));
  return undefined;
}

/** Messages that arrived before the job may look as if they came later, and the other way round. */
export const clockBehind = () =>
  new JobImpossible("Redis' clock stepped back behind the creation of the job; create a new one");

/** How often people see how far a job is. */
export const SAVE_MS = 500;

/** The record of a job that this server runs. */
export class JobEntry {
  readonly #jobs: BatchJobs;
  #stored: StoredJob;
  #savedAtMs = performance.now();
  record: BatchJobRecord;
  /** How far the job is; `save` stores it. */
  progress: JobProgress;

  constructor(jobs: BatchJobs, stored: StoredJob) {
    this.#jobs = jobs;
    this.#stored = stored;
    this.record = decodeJobRecord(stored.record);
    this.progress = { counts: this.job.counts ?? newCounts(), place: placeIn(this.record) };
  }

  get number(): number {
    return this.#stored.number;
  }

  get job(): BatchJob {
    return jobIn(this.record);
  }

  /** For the log. */
  get facts() {
    const { id, state, counts, problem } = this.job;
    return { job: id, state: jobStateName(state), done: Number(counts?.doneCount ?? 0n), problem };
  }

  /** Begins to run the job; a server that ran it before stores nothing more. */
  async begin(): Promise<void> {
    const changed = await changeRecord(this.#jobs, this.#stored, (record) => {
      record.run++;
    });
    if (changed === undefined) throw new JobInterrupted("the job is gone");
    [this.#stored, this.record] = [changed.stored, changed.record];
  }

  /** Says why the job makes no progress. Reports whether that is new; `save` takes it back. */
  async note(problem: string): Promise<boolean> {
    if (this.job.problem === problem) return false;
    const { state } = this.job;
    await changeRecord(this.#jobs, this.#stored, (record) => {
      const job = jobIn(record);
      if (job.state === state) job.problem = problem;
    });
    return true;
  }

  /** Ends the job as it is stored, with a problem. */
  async fail(problem: string): Promise<void> {
    const time = jobTime(await this.#jobs.nowMs());
    await changeRecord(this.#jobs, this.#stored, (record) => {
      const job = jobIn(record);
      if (statusOf(job) === "ENDED") return;
      job.updateTime = time;
      endJob(job, BatchJobState.FAILED, problem);
    });
  }

  /**
   * Stores how far the job is, and other changes. Throws JobInterrupted if it is in another state by now; then only how far it is gets
   * stored. Throws JobLost if another server has begun to run it, and JobImpossible if the store's clock is behind the job's creation.
   */
  async save(change: (job: BatchJob, record: BatchJobRecord) => void = () => {}): Promise<void> {
    const { state } = this.job;
    const { counts, place } = this.progress;
    const nowMs = await this.#jobs.nowMs();
    if (nowMs < Number(this.record.createdMs)) throw clockBehind();
    const time = jobTime(nowMs);
    if (await this.#isStored(counts, place, change)) return;
    const changed = await changeRecord(this.#jobs, this.#stored, (record) => {
      if (record.run !== this.record.run) throw new JobLost("another server runs the job");
      const job = jobIn(record);
      const queue = statusOf(job) === "ENDED" ? "" : place.queue;
      Object.assign(job, { counts: copyCounts(counts), queue, updateTime: time });
      record.place = encodePlace(place);
      const isOurs = job.state === state;
      if (isOurs) {
        job.problem = "";
        change(job, record);
      }
      return isOurs;
    });
    if (changed === undefined) throw new JobInterrupted("the job is gone");
    [this.#stored, this.record] = [changed.stored, changed.record];
    this.#savedAtMs = performance.now();
    if (!changed.result) throw new JobInterrupted("the job was paused or ended");
  }

  /** Whether nothing but the time would change, and nobody else has changed the record. A job that waits must not fill the disk. */
  async #isStored(
    counts: BatchJobCounts,
    place: JobPlace,
    change: (job: BatchJob, record: BatchJobRecord) => void,
  ): Promise<boolean> {
    const record = decodeJobRecord(this.#stored.record);
    const job = jobIn(record);
    Object.assign(job, { counts: copyCounts(counts), queue: place.queue, problem: "" });
    record.place = encodePlace(place);
    change(job, record);
    if (Buffer.compare(encodeJobRecord(record), this.#stored.record) !== 0) return false;
    const stored = await this.#jobs.get(this.number);
    const isSame = stored !== undefined && Buffer.compare(stored.record, this.#stored.record) === 0;
    if (isSame) this.#savedAtMs = performance.now();
    return isSame;
  }

  /** As `save`; then the job goes on at the first queue. */
  async saveAtStart(change: (job: BatchJob, record: BatchJobRecord) => void): Promise<void> {
    await this.save((job, record) => {
      job.queue = START.queue;
      record.place = encodePlace(START);
      change(job, record);
      if (statusOf(job) !== "ENDED")
        Object.assign(job.counts ?? {}, { examinedCount: 0n, refused: [] });
    });
    this.progress = { counts: copyCounts(this.job.counts ?? newCounts()), place: START };
  }

  async saveIfDue(): Promise<void> {
    if (performance.now() - this.#savedAtMs >= SAVE_MS) await this.save();
  }

  /** Ends the job with what it has done. */
  end(state: BatchJobState, problem = ""): Promise<void> {
    return this.save((job) => endJob(job, state, problem));
  }
}
