import {
  type BatchJobCounts,
  BatchJobState,
  copyCounts,
  decodeJobProgress,
  encodeJobProgress,
  type JobPlace,
  jobTime,
  newCounts,
  placeIn,
} from "../../codec/batch-job.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { retentionOf } from "../../core/retention.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { JobItem, MessageState, Store } from "../../store/contract.ts";
import {
  type EditContextParts,
  editContext,
  planEdits,
  type SourcedTransform,
} from "../edits/plan-edits.ts";
import { EarlierAnswer, storedContents } from "../edits/stored-contents.ts";
import type { Mover } from "../rules/mover.ts";
import { nextTurn } from "../timers.ts";
import { actionOf, obstacleTo, type PlannedAction } from "./job-actions.ts";
import { addRefusal, countMessage, SAMPLES, sampleOf } from "./job-counting.ts";
import { type JobEntry, type JobStand, JobTaken } from "./job-entry.ts";
import { JobSelection, type JobSelectionParts, type SelectedPage } from "./job-selection.ts";

export interface JobRunParts extends JobSelectionParts, EditContextParts {
  settingsOf(queue: string): QueueSettings;
  store: Pick<Store, "jobs" | "messages">;
  /** Finishes moves that a step has started. */
  mover: Pick<Mover, "moveAll">;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Messages of one step. A script that changes more would hold up others. */
const STEP = 200;
/** Bytes of edits of one step, except for a single larger message. */
const STEP_BYTES = 1024 * 1024;
/** Steps in a second, where a rate is limited. */
const STEPS_A_SECOND = 4;
/** How often people see how far a job is. */
const SAVE_MS = 500;
/** Between two looks at messages that change all the time. */
const CHANGED_MS = 20;
const NO_REQUEST = new Uint8Array();

/** One job, run by this server. Any server may continue where it ends. */
export class JobRun {
  readonly #parts: JobRunParts;
  readonly #entry: JobEntry;
  readonly #signal: AbortSignal;
  readonly #selection: JobSelection;
  readonly #plan: PlannedAction;
  readonly #transforms: readonly SourcedTransform[];
  #stand: JobStand;
  /** What the last step has stored in the present queue. Undefined: there was none. */
  #stored: Uint8Array | undefined;
  #savedAtMs = performance.now();
  /** When the next step may follow. */
  #nextAtMs = 0;

  /** Throws if this version cannot run the job. */
  constructor(parts: JobRunParts, entry: JobEntry, signal: AbortSignal) {
    this.#parts = parts;
    this.#entry = entry;
    this.#signal = signal;
    const { record, job } = entry;
    const { spec } = job;
    const plan = spec && actionOf(spec);
    if (spec === undefined || plan === undefined)
      throw new Error("this version of the server does not know its action");
    this.#plan = plan;
    this.#selection = new JobSelection(parts, spec, Number(record.createdMs));
    const source = job.caller === "" ? job.id : `${job.id} by ${job.caller}`;
    this.#transforms = plan.transforms.map((transform) => ({ transform, source }));
    this.#stand = { counts: job.counts ?? newCounts(), place: placeIn(record) };
  }

  /** Resolves when the job has ended. Rejects with JobInterrupted or JobTaken if this server must not go on. */
  async run(): Promise<void> {
    if (this.#entry.job.state === BatchJobState.COUNTING) await this.#count();
    if (this.#entry.job.state === BatchJobState.RUNNING) await this.#act();
  }

  /** Stores how far the job is, for the server that continues. */
  save(): Promise<void> {
    return this.#entry.save(this.#stand);
  }

  async #count(): Promise<void> {
    const { counts } = this.#stand;
    for await (const page of this.#selection.pages(this.#stand.place, this.#signal)) {
      const selected = page.messages.filter((one) =>
        countMessage(counts, this.#plan, page.queue, one),
      );
      await this.#addSamples(page.queue, selected);
      this.#addPage(counts, page);
      this.#stand.place = page.next;
      await this.#saveSometimes();
    }
    await this.#endCounting();
  }

  async #addSamples(queue: string, selected: readonly MessageState[]): Promise<void> {
    const { samples } = this.#entry.job;
    const ids = selected.slice(0, SAMPLES - samples.length).map(({ id }) => id);
    if (ids.length === 0) return;
    const context = editContext(queue, this.#parts);
    for (const one of await this.#selection.read(queue, ids)) {
      const sample = await sampleOf({ queue, ...one }, this.#transforms, context);
      if (sample !== undefined) samples.push(sample);
    }
    const found = [...samples];
    await this.#entry.save(this.#stand, ({ job }) => {
      if (job !== undefined) job.samples = found;
    });
  }

  async #endCounting(): Promise<void> {
    const { counts } = this.#stand;
    const { spec } = this.#entry.job;
    const expected = spec?.expectedCount;
    const found = counts.selectedCount;
    const isExpected = expected === undefined || (found >= expected.min && found <= expected.max);
    if (!isExpected) return this.#end(BatchJobState.FAILED, unexpected(expected, found));
    if (spec?.dryRun === true || found === 0n) return this.#end(BatchJobState.DONE);
    counts.examinedCount = 0n;
    const place: JobPlace = { queue: "", message: undefined };
    this.#stand = { counts, place };
    await this.#entry.save(this.#stand, ({ job }) => {
      if (job !== undefined) job.state = BatchJobState.RUNNING;
    });
  }

  async #act(): Promise<void> {
    await this.#continue();
    // After a change in between it looks at the messages again.
    while (!(await this.#actFrom(this.#stand.place)))
      await this.#parts.sleep(CHANGED_MS, this.#signal);
    const { counts } = this.#stand;
    const refused = counts.refused.reduce((sum, { count }) => sum + count, 0n);
    const left = counts.selectedCount - counts.doneCount - refused;
    counts.leftCount = left > 0n ? left : 0n;
    await this.#end(BatchJobState.DONE);
    await this.#forget(this.#stand.place.queue);
  }

  /** Goes on after the last step that any server has done. */
  async #continue(): Promise<void> {
    const { jobs } = this.#parts.store;
    const { number, record } = this.#entry;
    await this.#forget(record.leftQueue);
    const { queue } = this.#stand.place;
    if (queue === "") return;
    this.#stored = await jobs.progress(queue, number);
    if (this.#stored !== undefined) this.#stand = decodeJobProgress(this.#stored);
  }

  /** Returns false if a message has changed before its step: then the job is still before that step. */
  async #actFrom(place: JobPlace): Promise<boolean> {
    for await (const page of this.#selection.pages(place, this.#signal)) {
      await this.#enter(page.queue);
      for (let at = 0; at < page.messages.length; ) {
        const rest = page.messages.slice(at, at + this.#stepSize());
        const taken = await this.#step(page, rest);
        if (taken === undefined) return false;
        at += taken;
      }
      const { counts } = this.#stand;
      this.#addPage(counts, page);
      this.#stand = { counts, place: page.next };
      await this.#saveSometimes();
      await nextTurn();
    }
    return true;
  }

  /** What was done in earlier queues is in the record before anything is done in the next one. */
  async #enter(queue: string): Promise<void> {
    const { counts, place } = this.#stand;
    if (queue === place.queue) return;
    const left = place.queue;
    this.#stand = { counts, place: { queue, message: undefined } };
    if (this.#stored === undefined) return;
    await this.#entry.save(this.#stand, (record) => {
      record.leftQueue = left;
    });
    this.#stored = undefined;
    await this.#forget(left);
  }

  async #forget(queue: string): Promise<void> {
    if (queue !== "") await this.#parts.store.jobs.forgetProgress(queue, this.#entry.number);
  }

  /** Acts on the first of these messages. Returns on how many; undefined: one has changed, and nothing was done. */
  async #step(
    { queue }: SelectedPage,
    messages: readonly MessageState[],
  ): Promise<number | undefined> {
    const counts = copyCounts(this.#stand.counts);
    const planned = await this.#planned(queue, messages, counts);
    if (planned === undefined) return undefined;
    const { items, taken } = planned;
    const last = messages[taken - 1] as MessageState;
    const place = { queue, message: { chunk: last.chunk, id: last.id } };
    if (items.length > 0) {
      // A server that continues looks for progress in the record's queue.
      if (this.#stored === undefined && placeIn(this.#entry.record).queue !== queue)
        await this.save();
      await this.#pace(items.length);
      counts.doneCount += BigInt(items.length);
      const after = encodeJobProgress(counts, place);
      const { number, job } = this.#entry;
      const result = await this.#parts.store.jobs.act(queue, {
        ...{ number, action: this.#plan.action, before: this.#stored, after, items },
        ...{ caller: job.caller, note: noteOf(job) },
        ...(this.#plan.target && { target: this.#plan.target }),
        retention: retentionOf(this.#parts.settingsOf(queue)),
      });
      if (result === "TAKEN") throw new JobTaken("another server runs the job");
      if (result === "CHANGED") return undefined;
      this.#stored = after;
      const ids = items.map(({ id }) => id);
      if (this.#plan.action === "move") await this.#parts.mover.moveAll(queue, ids);
    }
    this.#stand = { counts, place };
    await this.#saveSometimes();
    return taken;
  }

  /** Decides what to do with the first of these messages, and counts those that cannot be acted on. */
  async #planned(
    queue: string,
    messages: readonly MessageState[],
    counts: BatchJobCounts,
  ): Promise<{ items: JobItem[]; taken: number } | undefined> {
    const free = messages.filter((one) => obstacleTo(this.#plan, queue, one) === undefined);
    if (this.#transforms.length === 0) {
      const items = free.map(({ id, version }) => ({ id, version }));
      return { items, taken: messages.length };
    }
    const context = editContext(queue, this.#parts);
    const versions = new Map(free.map((one) => [formatMessageId(one.id), one]));
    const items: JobItem[] = [];
    let bytes = 0;
    const ids = free.map(({ id }) => id);
    for await (const one of storedContents(this.#parts.store.messages, queue, NO_REQUEST, ids)) {
      if (one instanceof EarlierAnswer) continue;
      const { id, stored } = one;
      const state = versions.get(formatMessageId(id));
      if (stored === undefined || stored.version !== state?.version) return undefined;
      const plan = planEdits(stored, this.#transforms, context);
      if (plan.kind === "refuse") addRefusal(counts.refused, plan.detail, queue, id);
      else {
        const write = plan.kind === "edit" ? plan.write : undefined;
        items.push({ id, version: stored.version, ...(write && { write }) });
        bytes += stored.envelope.length + (write?.edits.length ?? 0);
      }
      if (bytes >= STEP_BYTES) return { items, taken: messages.indexOf(state) + 1 };
      await nextTurn();
    }
    return { items, taken: messages.length };
  }

  #stepSize(): number {
    const { maxRate = 0 } = this.#entry.job.spec ?? {};
    if (maxRate === 0) return STEP;
    return Math.min(STEP, Math.max(1, Math.ceil(maxRate / STEPS_A_SECOND)));
  }

  async #pace(messages: number): Promise<void> {
    const { maxRate = 0 } = this.#entry.job.spec ?? {};
    if (maxRate === 0) return;
    const waitMs = this.#nextAtMs - performance.now();
    if (waitMs > 0) {
      // Others must see a pause or an end while a slow job waits.
      for (let left = waitMs; left > 0; left -= SAVE_MS) {
        await this.#parts.sleep(Math.min(left, SAVE_MS), this.#signal);
        await this.#saveSometimes();
      }
    }
    this.#nextAtMs = Math.max(performance.now(), this.#nextAtMs) + (messages * 1_000) / maxRate;
  }

  #addPage(counts: BatchJobCounts, { examined, redacted, damaged }: SelectedPage): void {
    counts.examinedCount += BigInt(examined);
    if (this.#entry.job.state !== BatchJobState.COUNTING) return;
    counts.redactedCount += BigInt(redacted);
    counts.damagedCount += BigInt(damaged);
  }

  async #saveSometimes(): Promise<void> {
    if (performance.now() - this.#savedAtMs < SAVE_MS) return;
    await this.save();
    this.#savedAtMs = performance.now();
  }

  async #end(state: BatchJobState, problem = ""): Promise<void> {
    const endTime = jobTime(this.#parts.now());
    await this.#entry.save(this.#stand, ({ job }) => {
      if (job !== undefined) Object.assign(job, { state, problem, endTime });
    });
  }
}

const noteOf = ({ id, spec }: JobEntry["job"]): string =>
  spec === undefined || spec.reason === "" ? id : `${id}: ${spec.reason}`;

function unexpected(expected: { min: bigint; max: bigint } | undefined, found: bigint): string {
  if (expected === undefined) return "";
  const { min, max } = expected;
  const range = min === max ? `${min}` : `${min} to ${max}`;
  return `expected ${range} messages and found ${found}; nothing was changed: look at them again, then create a new job`;
}
