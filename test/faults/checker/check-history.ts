import type { FaultRecord, SnapshotLine } from "../history/event.ts";
import type { PublishedEvidence } from "../history/published.ts";
import { readJsonLines } from "../history/reader.ts";
import { Checker } from "./checker.ts";
import type { CheckReport } from "./report.ts";
import type { AllowLoss } from "./rollbacks.ts";

export interface CheckOptions {
  /** The histories of all actors, including killed ones. */
  readonly files: readonly string[];
  /** The contents of the store at the end. */
  readonly snapshot: Iterable<SnapshotLine>;
  readonly faults: Iterable<FaultRecord>;
  /** Faults that may roll the store back behind what it acknowledged. Default: none. */
  readonly allowLoss?: AllowLoss;
  /** What was published. Default: the servers published nothing. */
  readonly events?: PublishedEvidence;
}

/**
 * Checks a run: the histories of its actors and the contents of the store at the end.
 * @throws Error with the line, for a file that cannot be read
 */
export async function checkHistory(options: CheckOptions): Promise<CheckReport> {
  const { files, snapshot, faults, allowLoss, events } = options;
  if (files.length === 0) throw new Error("there are no histories to check");
  const checker = new Checker(faults, allowLoss);
  for (const file of files) {
    const actor = checker.open(file);
    const { lines, bytes, isCut } = await readJsonLines(file, actor.take);
    actor.end();
    checker.counts.lines += lines;
    checker.counts.bytes += bytes;
    if (isCut) checker.counts.cutFiles++;
  }
  return checker.judge(snapshot, events);
}
