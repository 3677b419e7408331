import { LIMITS } from "../settings.ts";
import { utf8Bytes } from "../utf8.ts";
import type { TransformLimits } from "./editable.ts";

export const EDIT_LIMITS = {
  /** Transforms of one retry, or of a queue. */
  transforms: 10,
  /** Transforms that are ever applied to one message: of each one the hash is kept. */
  applied: 256,
  /** Diffs that are kept of one message, the latest ones; and how long they may be together. */
  diffs: 32,
  diffBytes: 64 * 1024,
  /** Payloads that one call edits, together: each MiB holds up everybody else for 20 ms and more. */
  callBytes: 16 * 1024 * 1024,
  /** Words on why a message can't be edited. */
  detailBytes: 240,
} as const;

export function transformLimits(
  payloadBytes: number = LIMITS.payloadDefaultBytes,
): TransformLimits {
  const {
    attributes: count,
    attributeKeyBytes: keyBytes,
    attributeValueBytes: valueBytes,
  } = LIMITS;
  return { payloadBytes, attributes: { count, keyBytes, valueBytes } };
}

/** What one edit did, and what undoes it; empty: not kept. */
interface Diff {
  patch: string;
  inverse: string;
}

/**
 * The latest diffs that there is room for. One that is too long by itself goes without what undoes
 * it, or without both: what was sent is kept, and so is what has become of it.
 */
export function keepLatest<Kept extends Diff>(diffs: readonly Kept[]): Kept[] {
  const kept: Kept[] = [];
  let room: number = EDIT_LIMITS.diffBytes;
  for (const diff of diffs.slice(-EDIT_LIMITS.diffs).toReversed()) {
    const shorter = kept.length === 0 ? shortened(diff) : diff;
    room -= sizeOf(shorter);
    if (room < 0) break;
    kept.unshift(shorter);
  }
  return kept;
}

function shortened<Kept extends Diff>(diff: Kept): Kept {
  if (sizeOf(diff) <= EDIT_LIMITS.diffBytes) return diff;
  const alone = { ...diff, inverse: "" };
  return sizeOf(alone) <= EDIT_LIMITS.diffBytes ? alone : { ...alone, patch: "" };
}

function sizeOf({ patch, inverse }: Diff): number {
  return utf8Bytes(patch) + utf8Bytes(inverse);
}
