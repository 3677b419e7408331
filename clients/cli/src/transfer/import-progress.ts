import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CliError, EXIT, usageError } from "../errors.ts";

/** How far an import of a file has come, in a file beside it. */
export interface ImportProgress {
  /** The id of the export. */
  readonly exportId: string;
  /** The option --queue; empty: none. */
  readonly queue: string;
  /** The store that it imports into. */
  readonly storeId: string;
  /** Lines of the export that are done. */
  readonly lines: number;
  readonly imported: number;
  readonly alreadyThere: number;
  readonly refused: number;
}

const pathOf = (file: string) => `${file}.import`;

/** Undefined: no import of the file was interrupted. @throws {CliError} if it cannot be read */
export function readProgress(file: string): ImportProgress | undefined {
  const path = pathOf(file);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ImportProgress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw usageError(
      `cannot read ${path}: ${error}`,
      "import without --resume: it repeats nothing",
    );
  }
}

/** In one step, so that a crash leaves the old or the new one. */
export function writeProgress(file: string, progress: ImportProgress): void {
  const path = pathOf(file);
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(progress)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new CliError(
      EXIT.failed,
      `cannot write ${path}: ${error instanceof Error ? error.message : error}`,
      "copy the export to a folder that you can write, and import that",
    );
  }
}

export function removeProgress(file: string): void {
  rmSync(pathOf(file), { force: true });
}
