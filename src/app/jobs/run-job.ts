import { type BatchJobCounts, type BatchJobSpec, BatchJobState } from "../../codec/batch-job.ts";
import { DlqError } from "../../core/errors.ts";
import { retentionOf } from "../../core/retention.ts";
import type { MessageState } from "../../store/contract.ts";
import { editContext } from "../edits/plan-edits.ts";
import type { GroupAdmin } from "../groups/group-admin.ts";
import { JobCanary, type JobCanaryParts } from "./canary.ts";
import { actionOf, canaryOf } from "./job-actions.ts";
import { countMessage, KeepCount } from "./job-counting.ts";
import { endJob, type JobEntry } from "./job-entry.ts";
import { SAMPLES, sampleOf } from "./job-samples.ts";
import { JobSelection, type JobSelectionParts, type SelectedPage } from "./job-selection.ts";
import { type JobPlan, JobSteps, type JobStepsParts, noteOf } from "./job-steps.ts";

export interface JobRunParts extends JobSelectionParts, JobStepsParts, JobCanaryParts {
  groups: Pick<GroupAdmin, "get" | "update">;
}

/** One job, run by this server. Any server may continue where it ends. */
export class JobRun {
  readonly #parts: JobRunParts;
  readonly #entry: JobEntry;
  readonly #signal: AbortSignal;
  readonly #spec: BatchJobSpec;
  readonly #plan: JobPlan;
  readonly #steps: JobSteps;

  /** Throws if this version cannot run the job. */
  constructor(parts: JobRunParts, entry: JobEntry, signal: AbortSignal) {
    this.#parts = parts;
    this.#entry = entry;
    this.#signal = signal;
    const { record, job } = entry;
    const { spec } = job;
    const action = spec && actionOf(spec);
    if (spec === undefined || action === undefined)
      throw new Error("this version of the server does not know its action");
    this.#spec = spec;
    const source = job.caller === "" ? job.id : `${job.id} by ${job.caller}`;
    this.#plan = {
      selection: new JobSelection(parts, spec, Number(record.createdMs)),
      action,
      transforms: action.transforms.map((transform) => ({ transform, source })),
    };
    this.#steps = new JobSteps(parts, entry, this.#plan, signal);
  }

  /** Resolves when the job has ended. Rejects with JobInterrupted or JobLost if this server must not go on. */
  async run(): Promise<void> {
    if (this.#state === BatchJobState.COUNTING) await this.#count();
    else await this.#steps.restore();
    if (this.#state === BatchJobState.CANARY) await this.#tryCanary();
    if (this.#state === BatchJobState.RUNNING) await this.#act();
    if (this.#entry.job.endTime === undefined)
      throw new Error("this version of the server does not know its state");
  }

  get #state(): BatchJobState {
    return this.#entry.job.state;
  }

  async #count(): Promise<void> {
    const { counts, place } = this.#entry.progress;
    const { action, selection } = this.#plan;
    const { turns, settingsOf } = this.#parts;
    const removes = action.action === "discard" || action.action === "purge";
    const kept = new KeepCount((queue) => {
      return removes && action.erases !== true ? retentionOf(settingsOf(queue)) : undefined;
    });
    const pages = selection.pages(place, this.#signal)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value: page } = await turns.run(() => pages.next());
      if (done === true) break;
      const selected = page.messages.filter((one) => countMessage(counts, action, page.queue, one));
      kept.add(counts, page.queue, selected);
      await this.#addSamples(page.queue, selected);
      addPage(counts, page);
      this.#entry.progress = { counts, place: page.next };
      await this.#entry.saveIfDue();
    }
    await this.#endCounting();
  }

  async #addSamples(queue: string, selected: readonly MessageState[]): Promise<void> {
    const { samples } = this.#entry.job;
    const ids = selected.slice(0, SAMPLES - samples.length).map(({ id }) => id);
    if (ids.length === 0) return;
    const { selection, transforms } = this.#plan;
    const context = editContext(queue, this.#parts);
    for (const one of await selection.read(queue, ids)) {
      const sample = await sampleOf({ queue, ...one }, transforms, context);
      if (sample !== undefined) samples.push(sample);
    }
    const found = [...samples];
    await this.#entry.save((job) => {
      job.samples = found;
    });
  }

  async #endCounting(): Promise<void> {
    const { expectedCount, dryRun } = this.#spec;
    const found = this.#entry.progress.counts.selectedCount;
    const isExpected =
      expectedCount === undefined || (found >= expectedCount.min && found <= expectedCount.max);
    if (!isExpected) return this.#entry.end(BatchJobState.FAILED, unexpected(expectedCount, found));
    if (dryRun || found === 0n) return this.#entry.end(BatchJobState.DONE);
    if (canaryOf(this.#spec) === undefined) return this.#begin();
    await this.#entry.saveAtStart((job) => {
      job.state = BatchJobState.CANARY;
    });
  }

  async #tryCanary(): Promise<void> {
    const canary = canaryOf(this.#spec);
    if (canary === undefined) throw new Error("the job has no canary");
    const run = new JobCanary(this.#parts, this.#entry, this.#steps, canary, this.#signal);
    if (await run.run()) await this.#begin();
  }

  /** Begins to act on all that is selected. */
  async #begin(): Promise<void> {
    await this.#resolveGroup();
    await this.#entry.saveAtStart((job) => {
      job.state = BatchJobState.RUNNING;
    });
  }

  async #resolveGroup(): Promise<void> {
    const { action, groupId } = this.#spec;
    if (action.case !== "retry" || !action.value.resolveGroup) return;
    const { job } = this.#entry;
    const note = { caller: job.caller, note: noteOf(job) };
    const change = { status: "RESOLVED", note, archiveEnd: undefined, link: undefined } as const;
    await this.#parts.groups.update(groupId, change).catch((error: unknown) => {
      // It was forgotten meanwhile.
      if (!(error instanceof DlqError && error.kind === "NOT_FOUND")) throw error;
    });
  }

  async #act(): Promise<void> {
    await this.#steps.run();
    const { counts } = this.#entry.progress;
    const refused = counts.refused.reduce((sum, { count }) => sum + count, 0n);
    const changed = counts.selectedCount - counts.doneCount - refused;
    counts.changedCount = changed > 0n ? changed : 0n;
    await this.#steps.end((job) => {
      endJob(job, BatchJobState.DONE);
    });
  }
}

function addPage(counts: BatchJobCounts, { examined, redacted, damaged }: SelectedPage): void {
  counts.examinedCount += BigInt(examined);
  counts.redactedCount += BigInt(redacted);
  counts.damagedCount += BigInt(damaged);
}

function unexpected(expected: { min: bigint; max: bigint } | undefined, found: bigint): string {
  if (expected === undefined) return "";
  const { min, max } = expected;
  const range = min === max ? `${min}` : `${min} to ${max}`;
  return `expected ${range} messages and found ${found}; nothing was changed: look at them again, then create a new job`;
}
