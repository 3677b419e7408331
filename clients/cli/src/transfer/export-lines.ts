import { createHash, type Hash } from "node:crypto";
import { usageError } from "../errors.ts";

/** The version of the format: docs/reference/export-format.md. */
export const FORMAT_VERSION = 1;

/** The first line of an export: where it is from, and what it selects. */
export interface ExportHeader {
  readonly version: number;
  /** A UUID; names the import. */
  readonly id: string;
  readonly time: string;
  readonly storeId: string;
  readonly queue: string;
  readonly filter: string;
}

/** Where an interrupted export continues. */
export interface Checkpoint {
  readonly resumeToken: string;
  /** Messages before it. */
  readonly messages: number;
}

/** A line of an export, and how far the export is after it. */
export type ExportLine = {
  /** From 1. */
  readonly number: number;
  /** Bytes up to its end, with the line break. */
  readonly endByte: number;
} & (
  | { readonly kind: "header"; readonly header: ExportHeader; readonly hash: Hash }
  | { readonly kind: "message"; readonly text: string }
  /** `hash`: of all lines so far, to continue with. */
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly hash: Hash }
  | { readonly kind: "end"; readonly messages: number }
  /** The export has no end: it was interrupted, and something of it may be missing. */
  | { readonly kind: "missing end"; readonly messages: number }
);

/** More than the JSON of the largest message. */
const MOST_LINE_BYTES = 64 * 1024 ** 2;
const LINE_BREAK = 10;
const MESSAGE_START = Buffer.from('{"message":');

export const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;
export const headerLine = (header: ExportHeader): string => lineOf({ export: header });
export const checkpointLine = (checkpoint: Checkpoint): string => lineOf({ checkpoint });
export const endLine = (messages: number, hash: Hash): string =>
  lineOf({ end: { messages, sha256: hash.copy().digest("hex") } });

/**
 * Reads an export line by line, and checks it on the way: a wrong count or checksum is an error in place of its end. The last
 * value is its end, or says that it is missing.
 *
 * @throws {CliError} if it is no export, of another version, or was changed
 */
export async function* exportLines(
  source: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<ExportLine> {
  const hash = createHash("sha256");
  let [number, endByte, messages] = [0, 0, 0];
  let hasEnd = false;
  for await (const bytes of wholeLines(source)) {
    number++;
    endByte += bytes.length;
    const at = { number, endByte };
    if (hasEnd) throw changed(number, "there is more behind the end");
    if (number === 1) {
      const header = headerIn(bytes);
      hash.update(bytes);
      yield { ...at, kind: "header", header, hash: hash.copy() };
      continue;
    }
    if (bytes.subarray(0, MESSAGE_START.length).equals(MESSAGE_START)) {
      messages++;
      hash.update(bytes);
      yield { ...at, kind: "message", text: bytes.toString() };
      continue;
    }
    const line = valueIn(bytes, number);
    if (line.end !== undefined) {
      checkEnd(line.end, { number, messages, sha256: hash.copy().digest("hex") });
      hasEnd = true;
      yield { ...at, kind: "end", messages };
      continue;
    }
    const checkpoint = checkpointIn(line.checkpoint, { number, messages });
    hash.update(bytes);
    yield { ...at, kind: "checkpoint", checkpoint, hash: hash.copy() };
  }
  if (number === 0) throw noExport();
  if (!hasEnd) yield { number, endByte, kind: "missing end", messages };
}

/** Yields lines with their line breaks; what follows the last line break is left out. */
async function* wholeLines(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of source) {
    let bytes = Buffer.from(chunk as Uint8Array);
    for (let at = bytes.indexOf(LINE_BREAK); at >= 0; at = bytes.indexOf(LINE_BREAK)) {
      yield Buffer.concat([...rest, bytes.subarray(0, at + 1)]);
      [rest, restBytes] = [[], 0];
      bytes = bytes.subarray(at + 1);
    }
    rest.push(bytes);
    restBytes += bytes.length;
    if (restBytes > MOST_LINE_BYTES) throw noExport();
  }
}

interface Line {
  readonly export?: Partial<ExportHeader>;
  readonly checkpoint?: Partial<Checkpoint>;
  readonly end?: { readonly messages?: number; readonly sha256?: string };
}

function valueIn(bytes: Buffer, number: number): Line {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Below.
  }
  if (number === 1) throw noExport();
  throw changed(number, "it is none of the lines of an export");
}

function headerIn(bytes: Buffer): ExportHeader {
  const header = valueIn(bytes, 1).export;
  if (header === undefined) throw noExport();
  const { version, id = "", time = "", storeId = "", queue = "", filter = "" } = header;
  if (version !== FORMAT_VERSION) {
    throw usageError(
      `the export has version ${version} of the format; this program reads version ${FORMAT_VERSION}`,
      "use the `dlq` that wrote it, or a later one",
    );
  }
  if (id === "") throw changed(1, "it has no id");
  return { version, id, time, storeId, queue, filter };
}

function checkpointIn(
  { resumeToken, messages }: Partial<Checkpoint> = {},
  { number, messages: counted }: { number: number; messages: number },
): Checkpoint {
  if (resumeToken === undefined || messages === undefined)
    throw changed(number, "it is none of the lines of an export");
  if (messages !== counted)
    throw changed(number, `${counted} messages are before it, and it counts ${messages}`);
  return { resumeToken, messages };
}

function checkEnd(
  { messages, sha256 }: NonNullable<Line["end"]>,
  found: { number: number; messages: number; sha256: string },
): void {
  if (messages !== found.messages)
    throw changed(
      found.number,
      `${found.messages} messages are before it, and it counts ${messages}`,
    );
  if (sha256 !== found.sha256)
    throw changed(found.number, "the checksum of the lines before it is another one");
}

const noExport = () =>
  usageError(
    "this is not an export of `dlq export`",
    "docs/reference/export-format.md has the format",
  );

const changed = (number: number, why: string) =>
  usageError(
    `the export was changed since it was written, or is damaged: line ${number}: ${why}`,
    "use another copy of it",
  );
