import { hidesFailures } from "../../core/redaction/redaction.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { StoredGroup } from "../../store/contract.ts";

/**
 * Whether the description of a group may quote what a queue hides: one that holds messages of it, or the queue of its latest
 * failure. `parts`: the group in each partition.
 */
export function mayQuoteHidden(
  parts: readonly Pick<StoredGroup, "stored" | "latest">[],
  settingsOf: (queue: string) => Pick<QueueSettings, "redact">,
): boolean {
  return parts.some(
    ({ stored, latest }) =>
      hidesFailures(settingsOf(latest().queue)) ||
      stored.some(({ queue }) => hidesFailures(settingsOf(queue))),
  );
}
