import { type JsonPointer, parsePointer } from "../transform/operation.ts";
import { exceedsUtf8 } from "../utf8.ts";

/** An entry of the setting `redact`: values of payloads or of attributes that answers and logs leave out. */
export interface RedactEntry {
  readonly of: "payload" | "attributes";
  /** In an attribute's path the name in lower case. The token `*` stands for any member or element. */
  readonly path: JsonPointer;
}

export const REDACT_LIMITS = { entries: 64, entryBytes: 256 } as const;

/** The entry for a payload as a whole. */
export const WHOLE_PAYLOAD = "payload";
const ATTRIBUTE = "attribute:";

/** Hides the content of all messages. */
export const REDACT_ALL: readonly string[] = [WHOLE_PAYLOAD, `${ATTRIBUTE}*`];

/** Allowed entries, for errors and docs. */
export const REDACT_ENTRY_ALLOWED =
  "a JSON Pointer such as /customer/email or /items/*/card, attribute:NAME, attribute:*, or payload";

/** Reads an entry, or says what is wrong with it in words that continue a sentence. */
export function readRedactEntry(text: string): RedactEntry | { problem: string } {
  if (exceedsUtf8(text, REDACT_LIMITS.entryBytes)) {
    return { problem: `has more than ${REDACT_LIMITS.entryBytes} bytes` };
  }
  if (text.toLowerCase() === WHOLE_PAYLOAD) return { of: "payload", path: [] };
  if (text.toLowerCase().startsWith(ATTRIBUTE)) {
    const name = text.slice(ATTRIBUTE.length).trim();
    if (name === "") return { problem: "has no name after attribute:" };
    return { of: "attributes", path: [name.toLowerCase()] };
  }
  if (!text.startsWith("/"))
    return { problem: `is not ${REDACT_ENTRY_ALLOWED}${suggestion(text)}` };
  if (/~(?![01])/.test(text)) {
    return { problem: "has a ~ that is neither ~0 nor ~1; write ~0 for ~ and ~1 for / in a name" };
  }
  return { of: "payload", path: parsePointer(text) };
}

/** Returns the one spelling of an entry. */
export function formatRedactEntry(text: string): string {
  const entry = readRedactEntry(text);
  if ("problem" in entry) return text;
  if (entry.of === "attributes") return `${ATTRIBUTE}${entry.path[0]}`;
  return entry.path.length === 0 ? WHOLE_PAYLOAD : text;
}

/** For a path that is written with points, as in JSONPath. */
function suggestion(text: string): string {
  const names = /^(?:\$\.?)?(\w+(?:\.\w+)*)$/.exec(text)?.[1];
  if (names === undefined) return "";
  return `; for a value of the payload write /${names.replaceAll(".", "/")}`;
}
