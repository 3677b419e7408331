import {
  JobEntry,
  JobImpossible,
  JobInterrupted,
  JobLost,
  statusOf,
} from "../app/jobs/job-entry.ts";
import { JobRun, type JobRunParts } from "../app/jobs/run-job.ts";
import type { DecisionLog } from "../app/observer.ts";
import { DlqError, type DlqErrorKind } from "../core/errors.ts";
import { LIMITS } from "../core/settings.ts";
import { Turns } from "../core/turns.ts";
import { type Loop, startLoop } from "./interval.ts";

export interface JobRunnerParts extends Omit<JobRunParts, "turns"> {
  log: Pick<DecisionLog, "info" | "warn">;
}

/** How often a server looks for jobs that wait for one. */
const LOOK_MS = 1_000;
/** Jobs of one server. Most may wait, for outcomes or because of their rates. */
const AT_ONCE = LIMITS.openJobs;
/** Steps of all of them that run at a time. */
const STEPS_AT_ONCE = 4;
const RETRY_MS = 1_000;
/** A job fails after so many failures in a short time that are not those of the store. */
const FAILURES_MAX = 5;
const FAILURES_TIME_MS = 60_000;
/** The store or the queue may take it later. */
const PASSING: ReadonlySet<DlqErrorKind> = new Set([
  "STORE_UNAVAILABLE",
  "STORE_FULL",
  "BUSY",
  "ABORTED",
  "QUEUE_DELETING",
]);

/** Runs batch jobs that no other server runs. */
export class JobRunner {
  readonly #parts: JobRunnerParts;
  readonly #running = new Map<number, { stop: AbortController; done: Promise<void> }>();
  readonly #turns = new Turns(STEPS_AT_ONCE);
  readonly #stopping = new AbortController();
  #loop: Loop | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = startLoop(LOOK_MS, () => this.#look());
  }

  /** Looks for jobs at once. */
  wake(): void {
    if (this.#loop === undefined) return;
    void this.#look().catch(() => {});
  }

  /** Ends the jobs here; other servers continue them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop?.stop();
    await this.#looking.catch(() => {});
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #look(): Promise<void> {
    this.#looking = this.#looking.catch(() => {}).then(() => this.#take());
    return this.#looking;
  }

  async #take(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const taken = await this.#parts.store.jobs.take([...this.#running.keys()], AT_ONCE);
    for (const [number, { stop }] of this.#running) if (!taken.includes(number)) stop.abort();
    if (this.#stopping.signal.aborted) return;
    for (const number of taken) if (!this.#running.has(number)) this.#start(number);
  }

  #start(number: number): void {
    const stop = new AbortController();
    const done = this.#run(number, stop.signal).finally(() => {
      this.#running.delete(number);
      this.wake();
    });
    this.#running.set(number, { stop, done });
  }

  async #run(number: number, signal: AbortSignal): Promise<void> {
    const { log, sleep } = this.#parts;
    let [failures, failedAtMs] = [0, 0];
    while (!signal.aborted) {
      const error = await this.#runOnce(number, signal).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined || error instanceof JobLost || signal.aborted) break;
      if (error instanceof JobInterrupted) {
        // It may have been resumed since.
        await this.#giveBack(number);
        break;
      }
      if (error instanceof JobImpossible) {
        await this.#fail(number, error).catch(() => {});
        break;
      }
      const isPassing = error instanceof DlqError && PASSING.has(error.kind);
      if (isPassing) await this.#note(number, error).catch(() => {});
      else {
        const isLater = performance.now() - failedAtMs > FAILURES_TIME_MS;
        failures = isLater ? 1 : failures + 1;
        failedAtMs = performance.now();
        log.warn({ job: `j-${number}`, error: String(error) }, "a step of a batch job failed");
        if (failures >= FAILURES_MAX) {
          await this.#fail(number, error as Error).catch(() => {});
          break;
        }
      }
      await sleep(RETRY_MS, signal).catch(() => {});
    }
    if (this.#stopping.signal.aborted) await this.#giveBack(number);
  }

  async #note(number: number, error: Error): Promise<void> {
    const { jobs } = this.#parts.store;
    const stored = await jobs.get(number);
    if (stored === undefined) return;
    const isNew = await new JobEntry(jobs, stored).note(`${error.message}; the server tries again`);
    if (isNew)
      this.#parts.log.warn({ job: `j-${number}`, error: String(error) }, "a batch job waits");
  }

  #giveBack(number: number): Promise<void> {
    return this.#parts.store.jobs.giveBack(number).catch(() => {});
  }

  async #runOnce(number: number, signal: AbortSignal): Promise<void> {
    const { jobs } = this.#parts.store;
    const stored = await jobs.get(number);
    if (stored === undefined) return;
    const entry = new JobEntry(jobs, stored);
    // Somebody may have paused or ended it since it was taken.
    if (statusOf(entry.job) === "WAITING") await entry.begin();
    if (statusOf(entry.job) !== "WAITING") return;
    const run = new JobRun({ ...this.#parts, turns: this.#turns }, entry, signal);
    try {
      await run.run();
    } catch (error) {
      if (signal.aborted) await entry.save().catch(() => {});
      throw error;
    }
    this.#parts.log.info(entry.facts, "job ended");
  }

  async #fail(number: number, error: Error): Promise<void> {
    const { jobs } = this.#parts.store;
    const stored = await jobs.get(number);
    if (stored === undefined) return;
    const entry = new JobEntry(jobs, stored);
    await entry.fail(`${error.message}; what was done stays`);
  }
}
