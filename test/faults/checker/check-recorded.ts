import type { FaultRecord, HistoryEvent, SnapshotLine } from "../history/event.ts";
import type { PublishedEvidence } from "../history/published.ts";
import { Checker } from "./checker.ts";
import type { CheckReport } from "./report.ts";
import type { AllowLoss } from "./rollbacks.ts";

/** Checks the histories of a test, given by actor. */
export function checkRecorded(
  histories: ReadonlyMap<string, readonly HistoryEvent[]>,
  snapshot: readonly SnapshotLine[],
  faults: readonly FaultRecord[] = [],
  allowLoss?: AllowLoss,
  published?: PublishedEvidence,
): CheckReport {
  const checker = new Checker(faults, allowLoss);
  for (const [name, own] of histories) {
    const actor = checker.open(name);
    for (const event of own) actor.take(event);
    actor.end();
  }
  return checker.judge(snapshot, published);
}
