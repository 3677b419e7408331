// Spool files as clients/SPOOL.md has them: written as another process would have left them, and
// read as another client would.

import { readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { DoneSchema, OwnerSchema, SpooledMessageSchema } from "../../gen/dlq/spool/v1/spool_pb.ts";

const START = Buffer.from("DLQ-SPOOL 1\n");
const MARK = Buffer.from("89444c51", "hex");
const HEAD_BYTES = 13;
const OWNER = 1;
const MESSAGE = 2;
const DONE = 3;

type Init<T extends DescMessage> = MessageInitShape<T>;

/** What a file is made of. */
export interface SpoolFile {
  readonly owner: Init<typeof OwnerSchema>;
  readonly messages: readonly Init<typeof SpooledMessageSchema>[];
  /** `tail`: the last message is cut off. `middle`: bytes of the second message are others. `format`: another version. */
  readonly damage?: string | undefined;
}

export function encodeSpoolFile({ owner, messages, damage }: SpoolFile): Buffer {
  const records = messages.map((message) => record(MESSAGE, SpooledMessageSchema, message));
  if (damage === "middle") records[1]?.fill(0, HEAD_BYTES, HEAD_BYTES + 8);
  const start = damage === "format" ? Buffer.from("DLQ-SPOOL 2\n") : START;
  const whole = Buffer.concat([start, record(OWNER, OwnerSchema, owner), ...records]);
  return damage === "tail" ? whole.subarray(0, -5) : whole;
}

/** No process has this id: it is above what Linux gives. */
export const GONE_PID = 4_194_305;

/** An owner on this machine, whose process id is nobody's any more. */
export function goneOwner(): Init<typeof OwnerSchema> {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const pidNamespace = readlinkSync("/proc/self/ns/pid");
  return { host: hostname(), bootId, pidNamespace, pid: BigInt(GONE_PID), processStart: 1n };
}

/** SpooledMessages of all files of a folder that are not done yet; 0 of 0 where there is no folder. */
export async function countSpooled(folder: string): Promise<{ files: number; messages: number }> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith(".spool"));
  let messages = 0;
  for (const name of files) messages += openMessages(join(folder, name));
  return { files: files.length, messages };
}

function openMessages(path: string): number {
  const open = new Set<number>();
  for (const { at, type, body } of recordsOf(readIfThere(path))) {
    if (type === MESSAGE) open.add(at);
    if (type !== DONE) continue;
    for (const offset of fromBinary(DoneSchema, body).offsets) open.delete(Number(offset));
  }
  return open.size;
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // done, or recovered, since it was listed
  }
}

function* recordsOf(data: Buffer) {
  let at = data.indexOf(MARK);
  while (at >= 0 && at + HEAD_BYTES <= data.length) {
    const end = at + HEAD_BYTES + data.readUInt32BE(at + 5);
    const body = data.subarray(at + HEAD_BYTES, end);
    const isValid =
      end <= data.length &&
      checksum(data.subarray(at + 4, at + 9), body) === data.readUInt32BE(at + 9);
    if (isValid) yield { at, type: data[at + 4], body };
    at = data.indexOf(MARK, isValid ? end : at + 1);
  }
}

function record<T extends DescMessage>(type: number, schema: T, message: Init<T>): Buffer {
  const body = toBinary(schema, create(schema, message));
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt8(type, 4);
  head.writeUInt32BE(body.length, 5);
  head.writeUInt32BE(checksum(head.subarray(4, 9), body), 9);
  return Buffer.concat([head, body]);
}

function checksum(typeAndLength: Uint8Array, body: Uint8Array): number {
  return crc32(body, crc32(typeAndLength));
}
