import {
  decimal,
  decimalOf,
  isNumberText,
  type NumberText,
  numberText,
  quoteSpelledNumbers,
} from "./number-text.ts";

/** A JSON value while it is edited. */
export type Json = null | boolean | number | string | NumberText | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Deeper JSON is refused, which bounds recursion. */
export const MAX_JSON_NESTING = 256;

/** `what` names the text in a refusal. */
export function parseJson(text: string, what: string): Json {
  if (nestsTooDeeply(text)) {
    throw new TransformRefusal("NOT_JSON", `${what} nests deeper than ${MAX_JSON_NESTING}`);
  }
  try {
    const plain = JSON.parse(text) as Json;
    const quoted = quoteSpelledNumbers(text);
    return quoted === undefined ? plain : withSpellings(plain, JSON.parse(quoted) as Json);
  } catch (error) {
    const why = withoutQuote(error instanceof Error ? error.message : String(error));
    throw new TransformRefusal("NOT_JSON", `${what} is not JSON: ${why}`);
  }
}

/** V8 quotes a part of the text, which may be of a payload: `Unexpected token 'M', "Mrs. Smith"... is not valid JSON`. */
function withoutQuote(why: string): string {
  return why.replace(/, (?:\.\.\.)?"[\s\S]*$/, "");
}

/**
 * Replaces the numbers of `plain` that are texts in `quoted`, which is otherwise the same. Changes
 * `plain`.
 */
function withSpellings(plain: Json, quoted: Json): Json {
  if (typeof plain === "number") return typeof quoted === "string" ? numberText(quoted) : plain;
  if (Array.isArray(plain) && Array.isArray(quoted)) {
    for (let at = 0; at < plain.length; at++) {
      plain[at] = withSpellings(plain[at] as Json, quoted[at] as Json);
    }
  } else if (isObject(plain) && isObject(quoted)) {
    for (const key of Object.keys(plain)) {
      const before = plain[key] as Json;
      const after = withSpellings(before, quoted[key] as Json);
      if (after !== before) setMember(plain, key, after);
    }
  }
  return plain;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isNumberText(value)
  );
}

/** Defines the member, because an assignment to `__proto__` would set the prototype. */
export function setMember(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

export function memberOf(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_JSON_NESTING) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Why a transform was refused. Nothing was changed. */
export const REFUSAL_KINDS = [
  /** The payload is not JSON. */
  "NOT_JSON",
  /** The patch is malformed: it would fail on any message. */
  "PATCH_INVALID",
  /** A path of the patch does not exist in the message. */
  "PATH_MISSING",
  /** A `test` operation found another value. */
  "TEST_FAILED",
  /** The result would exceed a limit. */
  "TOO_LARGE",
  /** The attributes would no longer be strings by name within their limits. */
  "ATTRIBUTES_INVALID",
] as const;

export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** The message is for the operator who wrote the patch. */
export class TransformRefusal extends Error {
  override readonly name = "TransformRefusal";
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const NESTED_TOO_DEEPLY = "the result would nest too deeply";

/** Equality of RFC 6902: members in any order, numbers by value. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (isNumber(a) && isNumber(b)) return decimalOfNumber(a) === decimalOfNumber(b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => jsonEqual(memberOf(a, key), memberOf(b, key)));
}

function isNumber(value: Json): value is number | NumberText {
  return typeof value === "number" || isNumberText(value);
}

function decimalOfNumber(value: number | NumberText): string {
  return typeof value === "number" ? decimal(String(value)) : decimalOf(value);
}
