import type { Tool } from "./systems/start-system.ts";
import type { RunningSystem, SystemName } from "./systems/system.ts";

/** One figure of a row. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
}

export const RATE: Measure = { name: "rate", unit: "msg/s", better: "higher" };
export const P50: Measure = { name: "p50", unit: "ms", better: "lower" };
export const P99: Measure = { name: "p99", unit: "ms", better: "lower" };

/** How much work the samples do. */
export interface Scale {
  /** Approximate length of one sample. */
  readonly seconds: number;
  /** Number of messages in rows with many stored messages. */
  readonly stored: number;
}

export interface Sample {
  /** Measure name -> figure. */
  readonly figures: Readonly<Record<string, number>>;
  /** Messages in the sample, for the CPU time of each; 0 for none. */
  readonly messages: number;
}

/** One row on one running system. Each step rejects if a message is missing or delivered twice. */
export interface Trial {
  /** Runs before each sample. Not measured. */
  prepare?(): Promise<void>;
  sample(): Promise<Sample>;
  /** Runs after each sample. Not measured. */
  check?(): Promise<void>;
}

export interface TrialContext {
  readonly system: RunningSystem;
  readonly scale: Scale;
}

export interface Row {
  /** For example `send-unary`. `--only` matches name and system. */
  readonly name: string;
  readonly words: string;
  readonly measures: readonly Measure[];
  readonly systems: readonly SystemName[];
  /** Systems in the short form. Default: all. */
  readonly short?: readonly SystemName[];
  readonly tools?: readonly Tool[];
  /** Samples that do not count, before the others. Default 3. */
  readonly warmUps?: number;
  open(context: TrialContext): Promise<Trial>;
}
