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
  /** Length of one sample, about. */
  readonly seconds: number;
  /** Messages of the rows with many stored ones. */
  readonly stored: number;
}

export interface Sample {
  /** By the names of the row's measures. */
  readonly figures: Readonly<Record<string, number>>;
  /** Messages that the CPU time of the sample was spent on; 0 where none are. */
  readonly messages: number;
}

/** One row on one running system. Every step rejects when a message is missing or comes twice. */
export interface Trial {
  /** Before each sample, outside of what is measured. */
  prepare?(): Promise<void>;
  sample(): Promise<Sample>;
  /** After each sample, outside of what is measured. */
  check?(): Promise<void>;
}

export interface TrialContext {
  readonly system: RunningSystem;
  readonly scale: Scale;
}

export interface Row {
  /** `send-unary`; with the system it is what `--only` is matched against. */
  readonly name: string;
  readonly words: string;
  readonly measures: readonly Measure[];
  readonly systems: readonly SystemName[];
  /** Only these are part of the short form; default: all. */
  readonly short?: readonly SystemName[];
  readonly tools?: readonly Tool[];
  /** Samples before the first one that counts. Default 3. */
  readonly warmUps?: number;
  open(context: TrialContext): Promise<Trial>;
}
