import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { usageError } from "../errors.ts";
import type { Output } from "../io.ts";
import {
  type Checkpoint,
  checkpointLine,
  type ExportHeader,
  endLine,
  exportLines,
  headerLine,
  lineOf,
} from "./export-lines.ts";

/** Writes an export: a header, messages with checkpoints, and an end. */
export interface ExportTarget {
  /** Undefined: nothing is written yet. */
  readonly header: ExportHeader | undefined;
  /** The last one that is written; undefined: none. */
  readonly checkpoint: Checkpoint | undefined;
  begin(header: ExportHeader): void;
  /** Writes messages in JSON, and the checkpoint behind them. Empty `resumeToken`: the end. */
  add(messages: readonly unknown[], resumeToken: string): void;
  close(): void;
}

/** What is in a file that an export continues. */
interface Begun {
  readonly header: ExportHeader;
  readonly checkpoint: Checkpoint | undefined;
  readonly hash: Hash;
}

class Lines implements ExportTarget {
  readonly #write: (text: string) => void;
  readonly #close: () => void;
  #hash = createHash("sha256");
  header: ExportHeader | undefined;
  checkpoint: Checkpoint | undefined;

  constructor(write: (text: string) => void, close: () => void, begun?: Begun) {
    this.#write = write;
    this.#close = close;
    if (begun === undefined) return;
    this.header = begun.header;
    this.checkpoint = begun.checkpoint;
    this.#hash = begun.hash;
  }

  begin(header: ExportHeader): void {
    this.header = header;
    this.#add(headerLine(header));
  }

  add(messages: readonly unknown[], resumeToken: string): void {
    const count = (this.checkpoint?.messages ?? 0) + messages.length;
    const lines = messages.map((message) => lineOf({ message })).join("");
    this.checkpoint = { resumeToken, messages: count };
    if (resumeToken !== "") {
      this.#add(lines + checkpointLine(this.checkpoint));
    } else {
      this.#add(lines);
      this.#write(endLine(count, this.#hash));
    }
  }

  close(): void {
    this.#close();
  }

  #add(text: string): void {
    this.#hash.update(text);
    if (text !== "") this.#write(text);
  }
}

export const toOutput = (output: Output): ExportTarget =>
  new Lines(
    (text) => void output.write(text),
    () => {},
  );

/** Begins a file that only its owner can read. @throws {CliError} if it exists or cannot be written */
export function toNewFile(path: string): ExportTarget {
  return toDescriptor(opened(path, "wx"));
}

/**
 * Continues a file behind its last checkpoint. Begins it if it does not exist. Undefined: the export in it is complete.
 *
 * @throws {CliError} if it is no export, or cannot be written
 */
export async function toBegunFile(path: string): Promise<ExportTarget | undefined> {
  let fd: number;
  try {
    fd = openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return toNewFile(path);
    throw unusable(path, error);
  }
  try {
    let begun: Begun | undefined;
    let keptBytes = 0;
    for await (const line of exportLines(createReadStream(path))) {
      if (line.kind === "end") {
        closeSync(fd);
        return undefined;
      }
      if (line.kind === "header") {
        begun = { header: line.header, checkpoint: undefined, hash: line.hash };
        keptBytes = line.endByte;
      } else if (line.kind === "checkpoint" && begun !== undefined) {
        begun = { ...begun, checkpoint: line.checkpoint, hash: line.hash };
        keptBytes = line.endByte;
      }
    }
    ftruncateSync(fd, keptBytes);
    return toDescriptor(fd, begun, keptBytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function toDescriptor(fd: number, begun?: Begun, from = 0): ExportTarget {
  let at = from;
  const write = (text: string) => {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; )
      done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    at += bytes.length;
  };
  const close = () => {
    fsyncSync(fd);
    closeSync(fd);
  };
  return new Lines(write, close, begun);
}

function opened(path: string, flags: string): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown) {
  if ((error as NodeJS.ErrnoException).code === "EEXIST")
    return usageError(
      `${path} exists already`,
      "--resume continues it if it was interrupted; else give another name",
    );
  return usageError(`cannot write ${path}: ${error instanceof Error ? error.message : error}`);
}
