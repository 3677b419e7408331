import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";

/** More than any payload or list of ids that the service accepts. */
const MOST_BYTES = 64 * 1024 ** 2;

/** Reads stdin to its end. @throws {CliError} beyond 64 MiB */
export async function readAll({ stdin }: Pick<Io, "stdin">): Promise<Uint8Array> {
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
export async function readWords(io: Pick<Io, "stdin">): Promise<string[]> {
  const text = Buffer.from(await readAll(io)).toString();
  return text.split(/\s+/).filter((word) => word !== "");
}
