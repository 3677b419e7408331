// The labelled pairs; see README.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { categorize } from "../../src/core/categorize.ts";
import {
  type FailureToGroup,
  type Fingerprint,
  fingerprintOf,
} from "../../src/core/fingerprint/fingerprint.ts";

/** `first` was used for tuning; `fresh` never. */
export type PairSet = "first" | "fresh";

export interface Pair {
  /** Ids of failures: language/part/case/draw. */
  readonly a: string;
  readonly b: string;
  readonly alike: boolean;
}

const LANGUAGES = ["python", "node", "go", "java", "rust"];

function linesOf<T>(set: PairSet, name: string): T[] {
  const text = readFileSync(join(import.meta.dirname, "fixtures", set, name), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

export const pairsOf = (set: PairSet): Pair[] => linesOf<Pair>(set, "pairs.jsonl");

/** By id. Fields without a value are absent in the fixtures. */
export function failuresOf(set: PairSet): Map<string, FailureToGroup> {
  const read = LANGUAGES.flatMap((language) =>
    linesOf<Partial<FailureToGroup> & { id: string }>(set, `${language}.jsonl`),
  );
  return new Map(read.map((one) => [one.id, { type: "", message: "", stackTrace: "", ...one }]));
}

/** The fingerprint of a failure as the server forms it. */
export const fingerprint = (failure: FailureToGroup): Fingerprint =>
  fingerprintOf(failure, categorize(failure), "");
