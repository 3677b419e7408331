import { CliError, EXIT, usageError } from "../errors.ts";
import type { Run } from "../run.ts";

/** More than any payload or list of ids that the service accepts. */
const MOST_BYTES = 64 * 1024 ** 2;

/**
 * Reads stdin to its end.
 *
 * @throws {CliError} beyond 64 MiB, or after Ctrl-C
 */
export async function readAll(run: Run): Promise<Uint8Array> {
  const { stdin } = run.io;
  if (stdin.isTTY === true) run.print.note("Reads stdin; Ctrl-D ends it.");
  return untilInterrupt(run, collected(stdin));
}

/** Asks on the terminal. Returns whether the answer begins with y. @throws {CliError} after Ctrl-C */
export async function isConfirmed(run: Run, question: string): Promise<boolean> {
  run.io.stderr.write(`${question} [y/N] `);
  return /^y/i.test(await untilInterrupt(run, firstLine(run.io.stdin)));
}

async function firstLine(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  for await (const chunk of stdin) return String(chunk); // a terminal gives lines; this also ends reading
  return "";
}

async function untilInterrupt<T>({ io, signal }: Run, reading: Promise<T>): Promise<T> {
  let stop = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(new CliError(EXIT.interrupted, "interrupted"));
      io.stdin.destroy?.();
    };
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([reading, interrupted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function collected(stdin: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > MOST_BYTES) throw usageError("stdin has more than 64 MiB");
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}

/** Reads the words of stdin, separated by white space. */
export async function readWords(run: Run): Promise<string[]> {
  const text = Buffer.from(await readAll(run)).toString();
  return text.split(/\s+/).filter((word) => word !== "");
}
