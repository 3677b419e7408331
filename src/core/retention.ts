import type { QueueSettings } from "./settings.ts";

/** How long a queue keeps messages that ended, so that they can be brought back. 0: not at all. */
export interface Retention {
  readonly succeededMs: number;
  /** Discarded and purged ones. */
  readonly deletedMs: number;
  /** Bytes of all of them; the oldest are erased first. */
  readonly maxBytes: number;
}

/** Without `retain_bytes` and `max_bytes`. */
export const RETAINED_DEFAULT_BYTES = 64 * 1024 * 1024;
/** Without `retain_bytes`: this share of `max_bytes`. */
const SHARE = 0.1;

export function retentionOf({
  retainSucceededMs,
  retainDeletedMs,
  retainBytes,
  maxBytes,
}: Pick<
  QueueSettings,
  "retainSucceededMs" | "retainDeletedMs" | "retainBytes" | "maxBytes"
>): Retention {
  const share = maxBytes > 0 ? Math.floor(maxBytes * SHARE) : RETAINED_DEFAULT_BYTES;
  return {
    succeededMs: retainSucceededMs,
    deletedMs: retainDeletedMs,
    maxBytes: retainBytes > 0 ? retainBytes : share,
  };
}
