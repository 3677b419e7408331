import { countedText } from "./numbers.ts";

/** Returns a note about values that queues hide; empty if there were none. */
export function redactedNote(count: bigint, isFiltered: boolean): string {
  if (count === 0n) return "";
  const messages = `${countedText(count, "message")} ${count === 1n ? "has" : "have"}`;
  const unseen = isFiltered ? ", which the filter did not see" : "";
  return `${messages} redacted content${unseen}; --show-redacted includes it.`;
}
