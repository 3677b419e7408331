// The figures of one row on one system.

import type { Role } from "./meter.ts";
import type { SystemName } from "./systems/system.ts";

/** Median and spread of the samples. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
}

export interface ProcessFigures {
  /** CPU time for 1,000 messages. Absent if a sample has no messages. */
  readonly cpuMsPer1000?: Figure;
  /** Share of one core while sampling. */
  readonly corePercent: Figure;
  readonly rssMiB: Figure;
}

export interface Cell {
  readonly row: string;
  readonly system: SystemName;
  /** Absent if the row failed. */
  readonly figures?: Readonly<Record<string, Figure>>;
  readonly processes?: Readonly<Partial<Record<Role, ProcessFigures>>>;
  /** CPU of other programs during the samples, in percent of a core. */
  readonly othersCorePercent?: Figure;
  readonly failure?: string;
}

export function figureOf(samples: readonly number[]): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? Number.NaN);
  return {
    median: (lower + upper) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    samples,
  };
}
