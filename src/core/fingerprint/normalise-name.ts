// Replaces the variable parts of a word without marks of addresses.

import { DURATION, ID, IP, NUMBER, TIME } from "./placeholders.ts";

const NUMERIC = /^[+-]?[\d.]+(?:e[+-]?\d+)?%?$/i;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const DATE = /^\d{4}[-/]\d{2}[-/]\d{2}(?:[T_]\d[\d.+-]*Z?)?$/;
const DURATION_WORD =
  /^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|secs?|m|mins?|h|hrs?|d|days?|seconds?|minutes?|hours?|millis|milliseconds?)){1,4}$/i;
const ISO_DURATION = /^-?PT?(?=\d)[\d.DTHMS]+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = /^(?:0x[0-9a-f]+|[0-9a-f]{8,})$/i;
/** Digits that belong to a name: int64, utf8, sha256, http2, v1. */
const NAMED_NUMBER =
  /^(?:u?int|float|double|decimal|varchar|i|u|f|utf|ucs|sha|md|base|v|h|http|ipv|s|x|ec|tls|ssl|oauth|log|iso|latin|cp|es|rc|aes|rsa|hs|rs|crc|uuid|ed|blake|k|p|c|java|python|py|r|l|q|n|jdbc|sqlite|psycopg|urllib|neo|bzip|lz|p|d|arg|args|param|t)\d{1,4}$/i;

/** @param word at most a few hundred characters, without spaces, quotes and brackets */
export function normaliseName(word: string): string {
  const first = word.charCodeAt(0);
  // Other words are no numbers; P starts durations such as PT5S.
  if (first < 58 || first === 0x50) {
    const found = normaliseStart(word);
    if (found !== undefined) return found;
  }
  if (UUID.test(word)) return ID;
  return partwise(word);
}

function normaliseStart(word: string): string | undefined {
  if (NUMERIC.test(word)) return IPV4.test(word) ? IP : NUMBER;
  if (DURATION_WORD.test(word) || ISO_DURATION.test(word)) return DURATION;
  return DATE.test(word) ? TIME : undefined;
}

const SEPARATORS = /([-_.+%~#$&*?]+)/;

/** Normalises each part between separators. */
function partwise(word: string): string {
  const parts = word.split(SEPARATORS);
  let text = "";
  let last = "";
  for (let i = 0; i < parts.length; i += 2) {
    const part = normalisePart(parts[i] ?? "");
    // A sequence of variable parts is one: 2026-000123, 3f2a-91bc.
    if (part !== "" && isPlaceholder(part) && isPlaceholder(last)) {
      last = part === last ? part : ID;
      text = text.slice(0, text.lastIndexOf("<")) + last;
    } else {
      text += (i === 0 ? "" : (parts[i - 1] ?? "")) + part;
      last = part;
    }
  }
  return text;
}

const isPlaceholder = (part: string): boolean => part === NUMBER || part === ID;

/** Longer words without a separator are no names. */
const NAME_CHARS = 48;

const DIGITS = /^\d+$/;
const NO_DIGITS = /^\D+$/;
const NUMBERED_NAME = /^(\D+?)(\d+)$/;
const NUMBER_WITH_UNIT = /^\d+[A-Za-z]{1,3}$/;

function normalisePart(part: string): string {
  if (part === "") return part;
  if (NO_DIGITS.test(part)) return part.length > NAME_CHARS ? ID : part;
  if (DIGITS.test(part)) return NUMBER;
  if (HEX.test(part)) return ID;
  if (NAMED_NUMBER.test(part)) return part;
  if (part.length >= 16) return ID;
  const named = NUMBERED_NAME.exec(part);
  if (named !== null) return `${named[1]}${NUMBER}`;
  return NUMBER_WITH_UNIT.test(part) ? NUMBER : ID;
}
