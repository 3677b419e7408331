import { createReadStream } from "node:fs";

const NEWLINE = 10;
const PIECE_BYTES = 4 * 1024 ** 2;

export interface ReadFile {
  readonly lines: number;
  readonly bytes: number;
  /** The last line is incomplete, because the actor was killed, and was skipped. */
  readonly isCut: boolean;
}

/**
 * Calls `take` with each line of a file, parsed as JSON, in order. Skips an incomplete last line.
 * @throws Error with file and line, for any other invalid line, or if `take` throws
 */
export async function readJsonLines(
  path: string,
  take: (value: unknown) => void,
): Promise<ReadFile> {
  let lines = 0;
  let bytes = 0;
  let rest: Buffer[] = [];

  const takeLine = (line: string): void => {
    lines++;
    try {
      take(JSON.parse(line));
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${path}:${lines}: ${words}`, { cause });
    }
  };

  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    const chunk = piece as Buffer;
    bytes += chunk.length;
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      rest.push(chunk);
      continue;
    }
    const whole = chunk.subarray(0, end);
    const text = (rest.length === 0 ? whole : Buffer.concat([...rest, whole])).toString();
    rest = [chunk.subarray(end + 1)];
    let from = 0;
    for (let to = text.indexOf("\n"); to !== -1; to = text.indexOf("\n", from)) {
      takeLine(text.slice(from, to));
      from = to + 1;
    }
    takeLine(text.slice(from));
  }

  const last = Buffer.concat(rest).toString();
  const isCut = last !== "" && !isJson(last);
  if (last !== "" && !isCut) takeLine(last);
  return { lines, bytes, isCut };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
