import type { Retention } from "../../core/retention.ts";
import { LAYOUTS } from "./packed/layouts.ts";

const NOTHING = new Uint8Array();

/** Nothing: the queue keeps no deleted messages. */
export function packRetention(retention: Retention | undefined): Uint8Array {
  if (retention === undefined) return NOTHING;
  const { succeededMs, deletedMs, maxBytes } = retention;
  if (succeededMs === 0 && deletedMs === 0) return NOTHING;
  return LAYOUTS.retention.pack({
    keepSucceeded: succeededMs,
    keepDeleted: deletedMs,
    keepBytes: maxBytes,
  });
}
