// Finds quoted texts, and decides what they are: values, which vary, or names, such as of a column or a field.

import { isAlphanumeric } from "./characters.ts";

const CLOSING = new Map([
  [0x22, 0x22],
  [0x27, 0x27],
  [0x60, 0x60],
  [0x201c, 0x201d],
  [0x2018, 0x2019],
]);

/** Returns the closing quotation mark of an opening one. 0: it is none. */
export const closingOf = (code: number): number => CLOSING.get(code) ?? 0;

/** Longer texts in quotation marks are none. */
const QUOTED_CHARS = 512;
/** The parser of Node quotes a part of the text, and escapes nothing. */
const NOT_JSON = " is not valid JSON";
const JSON_CHARS = 80;
const DOUBLE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/** Returns where the quoted text that starts at `start` ends. -1: it does not end. */
export function endOfQuoted(text: string, start: number, closing: number): number {
  const json = closing === DOUBLE ? text.slice(start, start + JSON_CHARS).indexOf(NOT_JSON) : -1;
  if (json > 0) {
    const end = text.lastIndexOf('"', start + json);
    return end >= start ? end : -1;
  }
  const limit = Math.min(text.length, start + QUOTED_CHARS);
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) return -1;
    if (code !== closing || text.charCodeAt(at - 1) === BACKSLASH) continue;
    if (at + 1 >= text.length || !isAlphanumeric(text.charCodeAt(at + 1))) return at;
  }
  return -1;
}

/**
 * - value: replaced by a placeholder
 * - name: normalised and kept
 * - text: a message in a message, whose quotation marks do not matter
 */
export type Quoted = "value" | "name" | "text";

/** Words before a quoted value. */
const VALUE_WORDS = wordsOf(`
  string value values input parsing literal token date time datetime timestamp text entry got received found integer
  number float bool boolean str prefix suffix content body payload user username login customer tenant data near for id
  was by variant
`);

/** Words before a quoted name. */
const NAME_WORDS = wordsOf(`
  key keys column columns constraint relation table field fields property properties attribute index module package name
  function method class type types variable parameter argument option tag host hostname server schema database topic queue
  exchange stream bucket command operator label enum path header loc reading expected of on member required
  missing unknown undefined import setting resolve connect connecting
`);

/** What follows a quoted value. */
const AFTER_VALUE =
  /^,? (?:is not (?:a|an|of type|one of|valid|in|unique|greater|less|allowed)|is (?:invalid|too|less|greater|longer|shorter)|does not match|cannot be parsed|could not be parsed|was not|has (?:too|invalid)|contains)\b/;

const NAME = /^[A-Za-z_$][\w$]*(?:[.:\\/-]{1,2}[A-Za-z_$][\w$]*)*(?:\(\))?$/;
const HOST = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/;
/** The last word before the quotation mark, and the punctuation between. Tried where words start, not inside long ones. */
const BEFORE = /(?<![A-Za-z])([A-Za-z]*) ?([:=]?[ (]?)$/;
/** All words that matter are shorter. */
const BEFORE_CHARS = 24;
/** What says that a value is wrong. */
const INVALID =
  /\b(?:invalid|incorrect|malformed|illegal|bad|wrong|unexpected|unsupported|unable to parse|not parse|cannot parse|failed to parse)\b[^"'`]{0,64}$/i;
/** A file, which is normalised as such. */
const FILE = /^(?:\/|~\/|\.{1,2}\/|[A-Za-z]:[\\/])[^\s"'`]+$/;
/** "module not found: 'x'" names what is missing. */
const MISSING =
  /(?:not found|no such [a-z]+|missing|unknown|undefined|(?:Key|Name|Attribute)Error): ?$|\bvalidation for $/i;

/**
 * @param before the end of what precedes the quotation mark
 * @param after the start of what follows
 */
export function kindOfQuoted(content: string, before: string, after: string): Quoted {
  const [, word = "", mark = ""] = BEFORE.exec(before.slice(-BEFORE_CHARS)) ?? [];
  const lead = word.toLowerCase();
  if (AFTER_VALUE.test(after)) return "value";
  const isName = NAME.test(content);
  if (NAME_WORDS.has(lead) && (isName || HOST.test(content))) return "name";
  const isAfterColon = mark.startsWith(":");
  if ((isAfterColon || lead === "for") && MISSING.test(before)) return "name";
  if (VALUE_WORDS.has(lead)) return "value";
  if (FILE.test(content)) return "name";
  const isAssigned = mark.startsWith("=") || isAfterColon;
  // The strings of JSON are names more often than values: codes, types, fields.
  const isJson = isAfterColon && before.trimEnd().endsWith('":');
  if (isAssigned && !isJson && before.length > mark.length) {
    return isSentence(content) && !INVALID.test(before) ? "text" : "value";
  }
  if (isName || content.includes("://")) return "name";
  return isSentence(content) ? "text" : "value";
}

/** Texts with three words or more are messages themselves. */
function isSentence(content: string): boolean {
  const first = content.indexOf(" ");
  return first > 0 && content.indexOf(" ", first + 1) > 0;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
