import { LIMITS } from "../settings.ts";
import { utf8Bytes } from "../utf8.ts";
import type { TransformLimits } from "./editable.ts";

export const EDIT_LIMITS = {
  /** Transforms of one retry, one rule or one queue. */
  transforms: 10,
  /** Transforms that one message may ever get. The hash of each is stored. */
  applied: 256,
  /** Diffs that are stored for one message, latest first, and their total size. */
  diffs: 32,
  diffBytes: 64 * 1024,
  /** Total payload that one call may edit: each MiB blocks other calls for at least 20 ms. */
  callBytes: 16 * 1024 * 1024,
  /** The text that explains why a message cannot be edited. */
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

/** What one edit changed, and its inverse. Empty: not stored. */
interface Diff {
  patch: string;
  inverse: string;
}

/**
 * Returns the latest diffs that fit. If a single diff is too long, its inverse is dropped, then its
 * patch; the original message and the result are always stored.
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
