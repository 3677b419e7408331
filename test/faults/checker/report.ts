import type { Violation } from "./findings.ts";
import type { DuplicateCounts } from "./rules/duplicates.ts";

/** The numbers of a run. */
export interface RunCounts {
  files: number;
  /** Files with an incomplete last line. */
  cutFiles: number;
  lines: number;
  bytes: number;
  /** Messages that producers sent. */
  sources: number;
  acknowledged: number;
  /** Messages that exist, though their send was not acknowledged. */
  unacknowledgedButThere: number;
  /** Messages that exist or existed. */
  messages: number;
  kept: number;
  quarantined: number;
  /** Deliveries that an actor received, and those that only the store counts. */
  deliveries: number;
  unreceived: number;
  /** Unreceived deliveries that no fault explains. */
  lostInCalm: number;
  /** Deliveries with an applied outcome, and those with an unanswered one. */
  applied: number;
  unanswered: number;
  duplicates: DuplicateCounts;
  /** Batch jobs, and their actions on messages. */
  jobs: number;
  acts: number;
  /** Messages in the stream of NATS: events, copies and notices. */
  published: number;
}

export interface CheckReport {
  /** One for each broken rule. Empty if the run is correct. */
  readonly violations: readonly Violation[];
  /** Broken rules that a rollback explains. Only with `allowLoss`. */
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
    jobs: 0,
    acts: 0,
    published: 0,
  };
}
