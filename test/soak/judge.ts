// Compares the end of a soak with its start.

import { quantile } from "../support/quantile.ts";
import { type Figure, figuresFor } from "./figures.ts";
import type { Sample } from "./sample.ts";

/** Share of the run that is not judged, because caches fill in it. */
export const WARM_UP_SHARE = 0.15;
const TENTH = 0.1;
/** Allowed growth of a steady figure. */
const GROWTH = 0.1;
const FIFTHS = 5;

export interface Verdict {
  readonly figure: string;
  readonly unit: string;
  readonly start: number;
  readonly end: number;
  /** The limit for the end, or for a bounded figure at any time. */
  readonly allowed: number;
  /** Undefined if the figure is within its limit. */
  readonly wrong: string | undefined;
}

/** Returns one verdict for each figure. @throws Error for fewer than ten samples after the warm-up */
export function judge(samples: readonly Sample[]): Verdict[] {
  const judged = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE));
  if (judged.length < 1 / TENTH) {
    throw new Error(`${samples.length} samples are too few to judge by; run for longer`);
  }
  return figuresFor(judged).map((figure) => verdictOn(figure, judged));
}

function verdictOn(figure: Figure, samples: readonly Sample[]): Verdict {
  const values = samples.flatMap((sample) => figure.of(sample) ?? []);
  const typical = figure.rule === "steady" && figure.typical === "least" ? least : median;
  const start = typical(values.slice(0, sizeOf(values, TENTH)));
  const end = typical(values.slice(-sizeOf(values, TENTH)));
  const { name, unit } = figure;
  const common = { figure: name, unit, start, end };
  if (figure.rule === "bounded") {
    const most = Math.max(...values);
    const wrong = most <= figure.bound ? undefined : `was ${most}`;
    return { ...common, allowed: figure.bound, wrong };
  }
  const growth = start * GROWTH + figure.slack;
  const allowed = start + growth;
  // Also false for NaN, the value of a figure that was not measured.
  if (!(end <= allowed)) return { ...common, allowed, wrong: "has grown" };
  return { ...common, allowed, wrong: rises(values, typical, growth / 2) ? "rises" : undefined };
}

/** Reports whether a figure rises all the time, and by more than `most` in all. A longer run would exceed the limit. */
function rises(values: readonly number[], typical: typeof median, most: number): boolean {
  const parts = Array.from({ length: FIFTHS }, (_, index) => {
    const at = (part: number) => Math.floor((part * values.length) / FIFTHS);
    return typical(values.slice(at(index), at(index + 1)));
  });
  const rising = parts.every((value, index) => index === 0 || value > (parts[index - 1] ?? 0));
  return rising && (parts.at(-1) ?? 0) - (parts[0] ?? 0) > most;
}

function sizeOf(values: readonly number[], share: number): number {
  return Math.max(1, Math.round(values.length * share));
}

function least(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.min(...values);
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
