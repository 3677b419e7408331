import type { OutboxPosition, ResumePoint } from "../../app/events/watch-events.ts";

const VERSION = 2;
const STORE_ID_BYTES = 6;
/** One bit for each partition of which nothing was read. */
const BITMAP_BYTES = 32;
/** Partition, bytes before the entry, time of the entry, next change, epoch. */
const POSITION_BYTES = 1 + 4 * 6;
const HEAD_BYTES = 1 + STORE_ID_BYTES + BITMAP_BYTES;
const START_ID = "0-0";

/** Packs how far a watch has come. */
export function writeResumeToken({ storeId, positions }: ResumePoint): string {
  const bitmap = Buffer.alloc(BITMAP_BYTES);
  const parts: Buffer[] = [Buffer.of(VERSION), Buffer.from(storeId), bitmap];
  for (const [partition, position] of positions) {
    if (isStart(position))
      bitmap[partition >> 3] = (bitmap[partition >> 3] ?? 0) | bitOf(partition);
    else parts.push(packed(partition, position));
  }
  return Buffer.concat(parts).toString("base64url");
}

/** Undefined: no server of this version has made the token. */
export function readResumeToken(token: string): ResumePoint | undefined {
  const bytes = Buffer.from(token, "base64url");
  const rest = bytes.length - HEAD_BYTES;
  if (bytes[0] !== VERSION || rest < 0 || rest % POSITION_BYTES !== 0) return undefined;
  if (bytes.toString("base64url") !== token) return undefined;
  const positions = new Map<number, OutboxPosition>();
  for (let partition = 0; partition < 8 * BITMAP_BYTES; partition++) {
    const bits = bytes[1 + STORE_ID_BYTES + (partition >> 3)] ?? 0;
    if ((bits & bitOf(partition)) !== 0) positions.set(partition, START);
  }
  for (let at = HEAD_BYTES; at < bytes.length; at += POSITION_BYTES) {
    const [before = 0, atMs = 0, next = 0, epochMs = 0] = [0, 1, 2, 3].map((index) =>
      bytes.readUIntBE(at + 1 + 6 * index, 6),
    );
    positions.set(bytes[at] as number, { entryId: `${before}-${atMs}`, next, epochMs });
  }
  return { storeId: bytes.toString("latin1", 1, 1 + STORE_ID_BYTES), positions };
}

const START: OutboxPosition = { entryId: START_ID, next: 0, epochMs: 0 };
const isStart = ({ entryId, next, epochMs }: OutboxPosition) =>
  entryId === START_ID && next === 0 && epochMs === 0;
const bitOf = (partition: number) => 1 << (partition & 7);

function packed(partition: number, { entryId, next, epochMs }: OutboxPosition): Buffer {
  const bytes = Buffer.alloc(POSITION_BYTES);
  const [before, atMs] = entryId.split("-").map(Number);
  bytes[0] = partition;
  [before ?? 0, atMs ?? 0, next, epochMs].forEach((value, index) => {
    bytes.writeUIntBE(value, 1 + 6 * index, 6);
  });
  return bytes;
}
