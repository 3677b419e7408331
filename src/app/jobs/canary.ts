import {
  BatchJobState,
  type Canary,
  type CanarySlice,
  jobTime,
  jobTimeMs,
  millisOf,
  newCanaryFailure,
  newSlice,
} from "../../codec/batch-job.ts";
import { DlqError } from "../../core/errors.ts";
import type { SliceOutcomes } from "../../store/contract.ts";
import type { GroupAdmin } from "../groups/group-admin.ts";
import { groupIdOf } from "../groups/group-id.ts";
import { decideSlice, type SliceDecision, SliceSample, sizeOfSlice } from "./canary-slice.ts";
import { endJob, type JobEntry } from "./job-entry.ts";
import { failureTitle } from "./job-samples.ts";
import type { JobSteps, JobStepsParts } from "./job-steps.ts";

export interface JobCanaryParts extends Pick<JobStepsParts, "store" | "sleep"> {
  groups: Pick<GroupAdmin, "get">;
}

/** How often outcomes are counted. */
const POLL_MS = 500;
/** Queues that are asked at the same time. */
const QUEUES_AT_ONCE = 20;
const FAILURES_SHOWN = 10;

/** Retries slices of a job's messages, and waits for their outcomes. */
export class JobCanary {
  readonly #parts: JobCanaryParts;
  readonly #entry: JobEntry;
  readonly #steps: JobSteps;
  readonly #canary: Canary;
  readonly #signal: AbortSignal;
  readonly #slices: CanarySlice[];
  #polledAtMs = 0;

  constructor(
    parts: JobCanaryParts,
    entry: JobEntry,
    steps: JobSteps,
    canary: Canary,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#entry = entry;
    this.#steps = steps;
    this.#canary = canary;
    this.#signal = signal;
    this.#slices = [...entry.job.slices];
  }

  /** Stops the job, or returns true: all slices have passed. */
  async run(): Promise<boolean> {
    const { percents } = this.#canary;
    for (;;) {
      let slice = this.#slices.at(-1);
      if (slice === undefined || slice.endTime !== undefined) {
        const percent = percents[this.#slices.length];
        if (percent === undefined) return true;
        slice = await this.#begin(percent);
      }
      if (slice.deadlineTime === undefined && !(await this.#retry(slice))) return false;
      const problem = await this.#waitFor(slice);
      await this.#end(slice, problem);
      if (problem !== undefined) return false;
    }
  }

  async #begin(percent: number): Promise<CanarySlice> {
    const slice = newSlice({ percent, beginTime: jobTime(await this.#parts.store.jobs.nowMs()) });
    this.#slices.push(slice);
    await this.#entry.saveAtStart((job, record) => {
      job.slices = [...this.#slices];
      Object.assign(record, { sliceQueues: [], sliceGroups: [] });
    });
    return slice;
  }

  /** Retries the messages of a slice, as long as it can pass. Stops the job, and returns false, if it can retry none. */
  async #retry(slice: CanarySlice): Promise<boolean> {
    const { counts } = this.#entry.progress;
    const size = sizeOfSlice(slice.percent, Number(counts.selectedCount));
    let decision: SliceDecision = "WAIT";
    const missing = size - Number(this.#countOf(slice));
    const among = Number(counts.selectedCount - counts.doneCount);
    const sample = new SliceSample(missing, among, this.#entry.record.sliceGroups);
    await this.#steps.run({
      number: this.#slices.length,
      sample,
      shouldContinue: async () => {
        if (performance.now() - this.#polledAtMs >= POLL_MS) {
          await this.#poll(slice);
          decision = decideSlice(slice, this.#canary.minSuccessRatio, size);
          await this.#save(sample.groups);
        }
        return decision !== "STOP";
      },
    });
    if (this.#countOf(slice) === 0n && sample.seen > 0) {
      await this.#end(
        slice,
        `no message of the ${slice.percent} % slice could be retried; see what was refused`,
      );
      return false;
    }
    const waitMs = millisOf(this.#canary.deadline) ?? 0;
    slice.messageCount = this.#countOf(slice);
    slice.deadlineTime = jobTime((await this.#parts.store.jobs.nowMs()) + waitMs);
    await this.#steps.end((job) => {
      job.slices = [...this.#slices];
    });
    return true;
  }

  /** What the job has done since the slices before. */
  #countOf(slice: CanarySlice): bigint {
    const { doneCount } = this.#entry.progress.counts;
    return this.#slices.reduce(
      (left, other) => (other === slice ? left : left - other.messageCount),
      doneCount,
    );
  }

  async #waitFor(slice: CanarySlice): Promise<string | undefined> {
    const { store, sleep } = this.#parts;
    const { minSuccessRatio: minRatio } = this.#canary;
    for (;;) {
      await this.#poll(slice);
      const decision = decideSlice(slice, minRatio);
      if (decision === "PASS") return undefined;
      if (decision !== "WAIT") return stopText(slice, decision, minRatio);
      const nowMs = await store.jobs.nowMs();
      if (nowMs >= (jobTimeMs(slice.deadlineTime) ?? 0)) return stopText(slice, "WAIT", minRatio);
      await this.#save();
      await sleep(POLL_MS, this.#signal);
    }
  }

  /** Counts the outcomes so far. */
  async #poll(slice: CanarySlice): Promise<void> {
    this.#polledAtMs = performance.now();
    const found = await this.#outcomes();
    const sum = (field: "succeeded" | "failed" | "withoutOutcome") =>
      BigInt(found.reduce((total, one) => total + one[field], 0));
    slice.messageCount = this.#countOf(slice);
    slice.succeededCount = sum("succeeded");
    slice.failedCount = sum("failed");
    slice.withoutOutcomeCount = sum("withoutOutcome");
  }

  async #outcomes(): Promise<SliceOutcomes[]> {
    const { sliceQueues } = this.#entry.record;
    const { number } = this.#entry;
    const found: SliceOutcomes[] = [];
    for (let at = 0; at < sliceQueues.length; at += QUEUES_AT_ONCE) {
      const queues = sliceQueues.slice(at, at + QUEUES_AT_ONCE);
      const ask = (queue: string) =>
        this.#parts.store.jobs.outcomes(queue, number, this.#slices.length);
      found.push(...(await Promise.all(queues.map(ask))));
    }
    return found;
  }

  /** Stores the end of a slice, and that of the job, together. */
  async #end(slice: CanarySlice, problem: string | undefined): Promise<void> {
    const { jobs } = this.#parts.store;
    const { sliceQueues } = this.#entry.record;
    slice.failures = await this.#failures();
    slice.endTime = jobTime(await jobs.nowMs());
    await this.#entry.save((job) => {
      job.slices = [...this.#slices];
      if (problem !== undefined) endJob(job, BatchJobState.STOPPED, problem);
    });
    // Else they expire.
    for (const queue of sliceQueues)
      await jobs.forgetOutcomes(queue, this.#entry.number).catch(() => {});
  }

  #save(groups?: string[]): Promise<void> {
    return this.#entry.save((job, record) => {
      job.slices = [...this.#slices];
      if (groups !== undefined) record.sliceGroups = groups;
    });
  }

  async #failures() {
    const counts = new Map<string, number>();
    for (const { failures } of await this.#outcomes()) {
      for (const [digest, count] of failures) {
        const id = groupIdOf(digest);
        counts.set(id, (counts.get(id) ?? 0) + count);
      }
    }
    const largest = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, FAILURES_SHOWN);
    return Promise.all(
      largest.map(async ([groupId, count]) =>
        newCanaryFailure({ groupId, count: BigInt(count), ...(await this.#group(groupId)) }),
      ),
    );
  }

  async #group(id: string): Promise<{ title: string; isNew: boolean }> {
    try {
      const { group } = await this.#parts.groups.get(id, undefined);
      const title = failureTitle(group.description?.type ?? "", group.description?.message ?? "");
      const isNew = group.firstFailureAtMs > Number(this.#entry.record.createdMs);
      return { title, isNew };
    } catch (error) {
      if (error instanceof DlqError && error.kind === "NOT_FOUND")
        return { title: "", isNew: false };
      throw error;
    }
  }
}

function stopText(slice: CanarySlice, decision: SliceDecision, minRatio: number): string {
  const { percent, messageCount, succeededCount, failedCount, withoutOutcomeCount } = slice;
  const known = succeededCount + failedCount + withoutOutcomeCount;
  const part = Number((minRatio * 100).toFixed(4));
  const of = `of the ${percent} % slice`;
  switch (decision) {
    case "NONE":
      return `all messages ${of} were changed or removed before they had an outcome; create a new job`;
    case "WAIT":
      return `${messageCount - known} of ${messageCount} messages ${of} had no outcome in time; check the workers, then create a new job`;
    default:
      return `${failedCount} of ${messageCount} messages ${of} failed, and at least ${part} % must succeed; see the failures, then create a new job`;
  }
}
