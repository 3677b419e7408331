import {
  formatRedactEntry,
  REDACT_ENTRY_ALLOWED,
  REDACT_LIMITS,
  readRedactEntry,
} from "../core/redaction/entry.ts";
import { listOf } from "./list.ts";
import { scalarType, type ValueType } from "./value-type.ts";

const entry = scalarType<string>({
  placeholder: "PATH",
  allowed: REDACT_ENTRY_ALLOWED,
  parse: (text) => {
    const read = readRedactEntry(text);
    return "problem" in read ? read : { ok: formatRedactEntry(text) };
  },
  format: (text) => text,
});

const list = listOf(entry, {
  placeholder: "PATH,…",
  allowed: `up to ${REDACT_LIMITS.entries} entries separated by commas, each of at most ${REDACT_LIMITS.entryBytes} bytes: ${REDACT_ENTRY_ALLOWED}`,
  max: REDACT_LIMITS.entries,
});

/** The entries of `redact`. A list may have pointers with commas; spaces around an entry would be lost and are refused. */
export const redactEntries: ValueType<readonly string[]> = {
  ...list,
  parse(raw) {
    const spaced = typeof raw === "string" ? undefined : raw.find((one) => one !== one.trim());
    if (spaced === undefined) return list.parse(raw);
    const shown = JSON.stringify(spaced);
    return { problem: `has a space at an end of ${shown}; use * for a name with such a space` };
  },
};
