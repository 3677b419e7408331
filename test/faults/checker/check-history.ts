import type { FaultRecord, SnapshotLine } from "../history/event.ts";
import { readJsonLines } from "../history/reader.ts";
import { Checker } from "./checker.ts";
import type { CheckReport } from "./report.ts";
import type { AllowLoss } from "./rollbacks.ts";

export interface CheckOptions {
  /** The histories of all actors, those that were killed included. */
  readonly files: readonly string[];
  /** What the store holds when all is over. */
  readonly snapshot: Iterable<SnapshotLine>;
  readonly faults: Iterable<FaultRecord>;
  /** Faults after which the store may have forgotten what it had acknowledged. */
  readonly allowLoss?: AllowLoss;
}

/**
 * Judges a run by what its actors wrote down and by what the store holds at its end.
 * @throws Error for a file that can't be read to its end, naming the line
 */
export async function checkHistory(options: CheckOptions): Promise<CheckReport> {
  const { files, snapshot, faults, allowLoss } = options;
  if (files.length === 0) throw new Error("there are no histories, which prove nothing");
  const checker = new Checker(faults, allowLoss);
  for (const file of files) {
    const actor = checker.open(file);
    const { lines, bytes, isCut } = await readJsonLines(file, actor.take);
    actor.end();
    checker.counts.lines += lines;
    checker.counts.bytes += bytes;
    if (isCut) checker.counts.cutFiles++;
  }
  return checker.judge(snapshot);
}
