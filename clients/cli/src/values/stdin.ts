import { CliError, EXIT, usageError } from "../errors.ts";
import type { Run } from "../run.ts";

/** More than any payload or list of ids that the service accepts. */
const MOST_BYTES = 64 * 1024 ** 2;

/**
 * Reads stdin to its end.
 *
 * @throws {CliError} beyond 64 MiB, or after Ctrl-C
 */
export async function readAll({ io, print, signal }: Run): Promise<Uint8Array> {
  let stop = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(new CliError(EXIT.interrupted, "interrupted"));
      io.stdin.destroy?.();
    };
  });
  signal.addEventListener("abort", stop);
  try {
    if (io.stdin.isTTY === true) print.note("Reads stdin; Ctrl-D ends it.");
    return await Promise.race([collected(io.stdin), interrupted]);
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
