/** A JSON value while it is edited. */
export type Json = null | boolean | number | string | NumberText | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Deeper JSON is refused, which bounds recursion. */
export const MAX_JSON_NESTING = 256;

/**
 * A number that JavaScript would write differently, such as 9007199254740993 (which it would
 * change), 1.0, 1E5 or 1e400. Its spelling is kept.
 */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return NATIVE_JSON.rawJSON(this.text);
  }
}

/** Functions of V8 that TypeScript's library does not declare yet. */
const NATIVE_JSON = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: Json, context: { source?: string }) => Json,
  ): Json;
  rawJSON(text: string): unknown;
};

/** `what` names the text in a refusal. */
export function parseJson(text: string, what: string): Json {
  if (nestsTooDeeply(text)) {
    throw new TransformRefusal("NOT_JSON", `${what} nests deeper than ${MAX_JSON_NESTING}`);
  }
  try {
    const plain = JSON.parse(text) as Json;
    // A text that round-trips has lost nothing. This costs a quarter of the careful way.
    if (JSON.stringify(plain) === text) return plain;
    return NATIVE_JSON.parse(text, (_key, value, { source }) => {
      // V8 leaves revived arrays in a form in which inserting an element takes thirty times as long.
      if (Array.isArray(value)) return value.slice();
      return typeof value === "number" && source !== undefined && String(value) !== source
        ? new NumberText(source)
        : value;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TransformRefusal("NOT_JSON", `${what} is not JSON: ${why}`);
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof NumberText)
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
  if (isNumber(a) && isNumber(b)) return decimal(a) === decimal(b);
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
  return typeof value === "number" || value instanceof NumberText;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/**
 * Computing with longer exponents takes seconds. Such numbers are equal only if they are written
 * alike.
 */
const EXPONENT_DIGITS = 1_000;

/** One spelling for each value: the digits without outer zeros, and the exponent. */
function decimal(value: number | NumberText): string {
  const text = typeof value === "number" ? String(value) : value.text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  const significant = (whole + fraction).replace(/^0+/, "");
  const digits = withoutZerosAtEnd(significant);
  if (digits === "") return "0";
  if (exponent.length > EXPONENT_DIGITS) return text;
  const dropped = significant.length - digits.length;
  return `${sign}${digits}e${BigInt(exponent) + BigInt(dropped - fraction.length)}`;
}

/** No regular expression: it would restart at each of a million inner zeros. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
