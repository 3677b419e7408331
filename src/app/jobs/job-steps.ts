import {
  type BatchJob,
  type BatchJobCounts,
  copyCounts,
  decodeJobProgress,
  encodeJobProgress,
  placeIn,
} from "../../codec/batch-job.ts";
import { retentionOf } from "../../core/retention.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Turns } from "../../core/turns.ts";
import type { JobItem, MessageState, MoveRefusal, Store } from "../../store/contract.ts";
import type { SourcedTransform } from "../edits/plan-edits.ts";
import type { Mover } from "../rules/mover.ts";
import { nextTurn } from "../timers.ts";
import type { SliceSample } from "./canary-slice.ts";
import type { PlannedAction } from "./job-actions.ts";
import { addRefusal } from "./job-counting.ts";
import { clockBehind, type JobEntry, JobLost, SAVE_MS } from "./job-entry.ts";
import type { JobSelection, SelectedPage } from "./job-selection.ts";
import { planStep, type StepPlanParts } from "./step-plan.ts";

export interface JobStepsParts extends StepPlanParts {
  settingsOf(queue: string): QueueSettings;
  store: Pick<Store, "jobs" | "messages">;
  /** Finishes moves that a step has started. */
  mover: Pick<Mover, "moveAll">;
  /** Bounds the steps that run at a time. */
  turns: Turns;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What to do, and to which messages. */
export interface JobPlan {
  readonly selection: JobSelection;
  readonly action: PlannedAction;
  readonly transforms: readonly SourcedTransform[];
}

/** Some of the selected messages. */
export interface StepsSlice {
  readonly number: number;
  readonly sample: SliceSample;
  /** Called after each step. False: it has enough. */
  shouldContinue(): Promise<boolean>;
}

/** Messages of one step. A script that changes more would hold up others. */
const STEP = 200;
/** Steps in a second, where a rate is limited. */
const STEPS_A_SECOND = 4;
/** Between two looks at messages that change all the time. */
const CHANGED_MS = 20;

const MOVE_REFUSALS: Readonly<Record<MoveRefusal, string>> = {
  FULL_MESSAGES: "the other queue has max_messages messages; it is back",
  FULL_BYTES: "the other queue has max_bytes bytes; it is back",
  DELETING: "the other queue is being deleted; it is back",
  PRESENT: "the other queue has a message of this id; it is back",
  CLOSED: "the other queue does not exist, and queue_creation is closed; it is back",
};

/** Acts on the messages that a job selects, step by step. Any server may continue where it ends. */
export class JobSteps {
  readonly #parts: JobStepsParts;
  readonly #entry: JobEntry;
  readonly #plan: JobPlan;
  readonly #signal: AbortSignal;
  /** What the last step has stored in the present queue. Undefined: there was none. */
  #stored: Uint8Array | undefined;
  /** When the next step may follow. */
  #nextAtMs = 0;

  constructor(parts: JobStepsParts, entry: JobEntry, plan: JobPlan, signal: AbortSignal) {
    this.#parts = parts;
    this.#entry = entry;
    this.#plan = plan;
    this.#signal = signal;
  }

  /** Finds the last step that any server has done. Call it first for a job that may have begun. */
  async restore(): Promise<void> {
    const { number, record, progress } = this.#entry;
    const { queue } = progress.place;
    if (record.finishedQueue !== queue) await this.#forget(record.finishedQueue);
    if (queue === "" || record.finishedQueue === queue) return;
    this.#stored = await this.#parts.store.jobs.progress(queue, number);
    if (this.#stored !== undefined) this.#entry.progress = decodeJobProgress(this.#stored);
  }

  /** Acts on all selected messages from where the job is, or on those of a slice. */
  async run(slice?: StepsSlice): Promise<void> {
    for (;;) {
      const end = await this.#runFromHere(slice);
      if (end === "DONE") return;
      // After a change in between it looks at the messages again.
      if (end === "CHANGED") await this.#parts.sleep(CHANGED_MS, this.#signal);
    }
  }

  /** Stores a change of a job that has acted on all of it; what it does next begins at the first queue. */
  async end(change: (job: BatchJob) => void): Promise<void> {
    const left = this.#entry.progress.place.queue;
    await this.#entry.saveAtStart((job, record) => {
      record.finishedQueue = left;
      change(job);
    });
    this.#stored = undefined;
    await this.#forget(left);
  }

  /** CHANGED: a message has changed before its step. WAITED: what was read is old. In both cases the job is before that step. */
  async #runFromHere(slice: StepsSlice | undefined): Promise<"DONE" | "CHANGED" | "WAITED"> {
    const { selection } = this.#plan;
    for await (const page of selection.pages(this.#entry.progress.place, this.#signal)) {
      await this.#enter(page.queue);
      this.#entry.progress.counts.examinedCount += BigInt(page.examined);
      const end = await this.#runPage(page, slice);
      if (end === "ENOUGH") return "DONE";
      if (end !== "DONE") return end;
      const { counts } = this.#entry.progress;
      this.#entry.progress = { counts, place: page.next };
      await this.#entry.saveIfDue();
      await nextTurn();
    }
    return "DONE";
  }

  async #runPage(
    { queue, messages }: SelectedPage,
    slice: StepsSlice | undefined,
  ): Promise<"DONE" | "CHANGED" | "WAITED" | "ENOUGH"> {
    const chosen = slice?.sample.choose(messages) ?? messages;
    let passed = 0;
    for (let at = 0; at < chosen.length; ) {
      if (await this.#pace()) return "WAITED";
      const some = chosen.slice(at, at + this.#stepSize());
      const step = await this.#parts.turns.run(() => this.#step(queue, some, slice));
      if (step === undefined) return "CHANGED";
      at += step.taken;
      const last = messages.indexOf(chosen[at - 1] as MessageState) + 1;
      slice?.sample.advance(messages.slice(passed, last), step.acted);
      passed = last;
      if (slice !== undefined && !(await slice.shouldContinue())) return "ENOUGH";
    }
    slice?.sample.advance(messages.slice(passed), []);
    return "DONE";
  }

  /** What was done in earlier queues is in the record before anything is done in the next one. */
  async #enter(queue: string): Promise<void> {
    const { counts, place } = this.#entry.progress;
    if (queue === place.queue) return;
    const left = place.queue;
    this.#entry.progress = { counts, place: { queue, message: undefined } };
    if (this.#stored === undefined) return;
    await this.#entry.save((_, record) => {
      record.finishedQueue = left;
    });
    this.#stored = undefined;
    await this.#forget(left);
  }

  async #forget(queue: string): Promise<void> {
    if (queue !== "") await this.#parts.store.jobs.forgetProgress(queue, this.#entry.number);
  }

  /** Before the first step in a queue: a server that continues looks for progress in the record's queue. */
  async #noteQueue(queue: string, slice: StepsSlice | undefined): Promise<void> {
    const { record } = this.#entry;
    const isNoted =
      placeIn(record).queue === queue &&
      record.finishedQueue !== queue &&
      (slice === undefined || record.sliceQueues.includes(queue));
    if (isNoted) return;
    await this.#entry.save((_, noted) => {
      if (noted.finishedQueue === queue) noted.finishedQueue = "";
      if (slice !== undefined && !noted.sliceQueues.includes(queue)) noted.sliceQueues.push(queue);
    });
  }

  /** Acts on the first of these messages. Returns how many were looked at, and which were acted on; undefined: one has changed, and nothing was done. */
  async #step(
    queue: string,
    messages: readonly MessageState[],
    slice: StepsSlice | undefined,
  ): Promise<{ taken: number; acted: MessageState[] } | undefined> {
    const counts = copyCounts(this.#entry.progress.counts);
    const planned = await planStep(this.#parts, this.#plan, queue, messages, counts);
    if (planned === undefined) return undefined;
    const { items, taken } = planned;
    const last = messages[taken - 1] as MessageState;
    const place = { queue, message: { chunk: last.chunk, id: last.id } };
    if (items.length > 0) {
      if (this.#stored === undefined) await this.#noteQueue(queue, slice);
      counts.doneCount += BigInt(items.length);
      const after = encodeJobProgress(counts, place);
      const { action, target, erases } = this.#plan.action;
      const { number, job, record } = this.#entry;
      const result = await this.#parts.store.jobs.act(queue, {
        ...{ number, createdMs: Number(record.createdMs) },
        ...{ action, before: this.#stored, after, items },
        ...{ caller: job.caller, note: noteOf(job) },
        ...(target && { target }),
        ...(slice && { slice: slice.number }),
        ...(erases !== true && { retention: retentionOf(this.#parts.settingsOf(queue)) }),
      });
      if (result === "TAKEN") throw new JobLost("another server runs the job");
      if (result === "BEHIND") throw clockBehind();
      if (result === "CHANGED") return undefined;
      this.#stored = after;
      this.#spend(items.length);
      if (action === "move") await this.#finishMoves(queue, items, counts);
    }
    this.#entry.progress = { counts, place };
    await this.#entry.saveIfDue();
    const ids = new Set(items.map(({ id }) => id));
    return { taken, acted: messages.slice(0, taken).filter(({ id }) => ids.has(id)) };
  }

  /** What the other queue refuses is back, and counts as refused. */
  async #finishMoves(
    queue: string,
    items: readonly JobItem[],
    counts: BatchJobCounts,
  ): Promise<void> {
    const ids = items.map(({ id }) => id);
    for (const { id, why } of await this.#parts.mover.moveAll(queue, ids)) {
      counts.doneCount--;
      addRefusal(counts.refused, MOVE_REFUSALS[why], queue, id);
    }
  }

  #stepSize(): number {
    const { maxRate = 0 } = this.#entry.job.spec ?? {};
    if (maxRate === 0) return STEP;
    return Math.min(STEP, Math.max(1, Math.ceil(maxRate / STEPS_A_SECOND)));
  }

  /** Waits until the rate allows the next step. Returns whether it has waited. */
  async #pace(): Promise<boolean> {
    const waitMs = this.#nextAtMs - performance.now();
    // Others must see a pause or an end while a slow job waits.
    for (let left = waitMs; left > 0; left -= SAVE_MS) {
      await this.#parts.sleep(Math.min(left, SAVE_MS), this.#signal);
      await this.#entry.saveIfDue();
    }
    return waitMs > 0;
  }

  #spend(messages: number): void {
    const { maxRate = 0 } = this.#entry.job.spec ?? {};
    if (maxRate === 0) return;
    // What the work took counts as waiting, for as long as a step may.
    const earliest = performance.now() - 1_000 / STEPS_A_SECOND;
    this.#nextAtMs = Math.max(earliest, this.#nextAtMs) + (messages * 1_000) / maxRate;
  }
}

/** What the events and timelines say of an action: the job, and why. */
export const noteOf = ({ id, spec }: BatchJob): string =>
  spec === undefined || spec.reason === "" ? id : `${id}: ${spec.reason}`;
