import type { Violation } from "./findings.ts";
import type { DuplicateCounts } from "./rules/duplicates.ts";

/** What was read, and what happened in it. */
export interface RunCounts {
  files: number;
  /** Whose last line was cut. */
  cutFiles: number;
  lines: number;
  bytes: number;
  /** Messages that producers meant to exist. */
  sources: number;
  acknowledged: number;
  /** Of those without an acknowledgement, the ones that exist. */
  unacknowledgedButThere: number;
  /** That exist or existed. */
  messages: number;
  kept: number;
  quarantined: number;
  /** Received by an actor; and those that the store counts, and nobody received. */
  deliveries: number;
  unreceived: number;
  /** Of the latter, those that no fault explains. */
  lostInCalm: number;
  /** Deliveries with an outcome that was applied; and with one that only may have been. */
  applied: number;
  unanswered: number;
  duplicates: DuplicateCounts;
}

export interface CheckReport {
  /** One for each rule that does not hold. None: the run keeps all promises. */
  readonly violations: readonly Violation[];
  /** The same for what a rollback of the store explains, and only with `allowLoss`. */
  readonly rolledBack: readonly Violation[];
  readonly counts: Readonly<RunCounts>;
}

export function noCounts(): RunCounts {
  return {
    files: 0,
    cutFiles: 0,
    lines: 0,
    bytes: 0,
    sources: 0,
    acknowledged: 0,
    unacknowledgedButThere: 0,
    messages: 0,
    kept: 0,
    quarantined: 0,
    deliveries: 0,
    unreceived: 0,
    lostInCalm: 0,
    applied: 0,
    unanswered: 0,
    duplicates: { expired: 0, unanswered: 0 },
  };
}
