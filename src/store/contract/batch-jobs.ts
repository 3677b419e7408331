import type { Retention } from "../../core/retention.ts";
import type { EditWrite } from "./messages.ts";

/** Records of batch jobs, what they have done, and which server runs them. */
export interface BatchJobs {
  /**
   * Stores a job under the next number, and returns it. `encode` gets the number and the store's time. If a job with this request
   * exists, returns that one. Empty request: none. Rejects with LIMIT if 100 jobs have not ended. Forgets the oldest ended ones
   * when there are more than 1,000.
   */
  create(
    request: Uint8Array,
    encode: (number: number, nowMs: number) => Uint8Array,
  ): Promise<StoredJob>;
  /** Undefined: there is none of this number. */
  get(number: number): Promise<StoredJob | undefined>;
  /** Returns the latest jobs with numbers below this one, the latest first. Undefined: from the latest on. */
  list(below: number | undefined, count: number): Promise<readonly StoredJob[]>;
  /** Replaces the record that was seen. Returns false if another one is there by now. */
  replace(seen: StoredJob, record: Uint8Array, status: JobStatus): Promise<boolean>;

  /**
   * Takes jobs that wait for a server, and keeps those that this one runs, for ten seconds. Returns the numbers of all that it
   * runs. `most`: how many it may run. Costs one call if there are none.
   */
  take(running: readonly number[], most: number): Promise<readonly number[]>;
  /** Lets other servers take a job at once. */
  giveBack(number: number): Promise<void>;

  /** What a job has done in a queue: what its last step has stored. Undefined: nothing. */
  progress(queue: string, number: number): Promise<Uint8Array | undefined>;
  /** Acts on messages of one queue. */
  act(queue: string, step: JobStep): Promise<JobStepResult>;
  /** Removes what a job has stored in a queue. */
  forgetProgress(queue: string, number: number): Promise<void>;

  /** Returns what became of the messages of a slice of a job's canary in a queue, so far. They are kept for 30 days. */
  outcomes(queue: string, number: number, slice: number): Promise<SliceOutcomes>;
  /** Removes the outcomes of a job in a queue. */
  forgetOutcomes(queue: string, number: number): Promise<void>;
  /** The store's time in milliseconds. */
  nowMs(): Promise<number>;
}

/** Outcomes of a slice of a canary; CanarySlice of the contract has their meaning. */
export interface SliceOutcomes {
  readonly messages: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly withoutOutcome: number;
  /** Failures by the digest of their group, as far as they have one. */
  readonly failures: ReadonlyMap<string, number>;
}

export interface StoredJob {
  readonly number: number;
  readonly record: Uint8Array;
}

/** WAITING: a server should run it. */
export type JobStatus = "WAITING" | "PAUSED" | "ENDED";

/** What a step does to each of its messages. */
export type JobAction = "retry" | "edit" | "quarantine" | "discard" | "purge" | "move";

export interface JobStep {
  readonly number: number;
  readonly createdMs: number;
  readonly action: JobAction;
  /** What `progress` has returned, or the step before has stored. Undefined: nothing. */
  readonly before: Uint8Array | undefined;
  /** Stored together with the changes. It differs from `before`. */
  readonly after: Uint8Array;
  readonly items: readonly JobItem[];
  /** For timelines; at most 255 bytes are stored. */
  readonly caller: string;
  /** For timelines and events. */
  readonly note: string;
  /** The queue of a move. The step only starts it. */
  readonly target?: string;
  /** The slice of the job's canary that the messages belong to. Default: none. */
  readonly slice?: number;
  /** How long what the step removes can be brought back. Default: it cannot. */
  readonly retention?: Retention;
}

/** A message as it was decided on. */
export interface JobItem {
  readonly id: Uint8Array;
  readonly version: number;
  readonly write?: EditWrite;
}

/**
 * DONE: all messages were changed, or had been by this same step. CHANGED: one of them has changed meanwhile, and nothing was done.
 * TAKEN: another server has gone on with the job, and nothing was done. BEHIND: the store's clock is behind the creation of the job, and
 * nothing was done.
 */
export type JobStepResult = "DONE" | "CHANGED" | "TAKEN" | "BEHIND";
