import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckOptions, checkHistory } from "../checker/check-history.ts";
import type { CheckReport } from "../checker/report.ts";
import type { AllowLoss } from "../checker/rollbacks.ts";
import type { FaultRecord, SnapshotLine } from "./event.ts";
import type { Happened, Published, PublishedEvidence, Trimming } from "./published.ts";

/** The data that a run stores beside the histories, so that it can be checked again. */
export type Evidence = Pick<CheckOptions, "files" | "events"> & {
  readonly snapshot: readonly SnapshotLine[];
  readonly faults: readonly FaultRecord[];
};

type Part = "files" | "snapshot" | "faults" | keyof PublishedEvidence;

const nameOf = (folder: string, part: Part) => join(folder, `${part}.json`);

export function keep(folder: string, evidence: Evidence): void {
  writeLines(nameOf(folder, "files"), evidence.files);
  writeLines(nameOf(folder, "snapshot"), evidence.snapshot);
  writeLines(nameOf(folder, "faults"), evidence.faults);
  const { events } = evidence;
  if (events === undefined) return;
  writeLines(nameOf(folder, "happened"), events.happened);
  writeLines(nameOf(folder, "published"), events.published);
  writeLines(nameOf(folder, "trimmings"), events.trimmings);
}

export function judge(folder: string, allowLoss: AllowLoss | undefined): Promise<CheckReport> {
  const events = existsSync(nameOf(folder, "happened"))
    ? {
        happened: readLines<Happened>(nameOf(folder, "happened")),
        published: readLines<Published>(nameOf(folder, "published")),
        trimmings: readLines<Trimming>(nameOf(folder, "trimmings")),
      }
    : undefined;
  return checkHistory({
    files: readLines<string>(nameOf(folder, "files")),
    snapshot: readLines<SnapshotLine>(nameOf(folder, "snapshot")),
    faults: readLines<FaultRecord>(nameOf(folder, "faults")),
    ...(allowLoss === undefined ? {} : { allowLoss }),
    ...(events === undefined ? {} : { events }),
  });
}

/** One JSON value a line. */
function writeLines(path: string, values: readonly unknown[]): void {
  writeFileSync(path, values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

function readLines<T>(path: string): T[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as T);
}
