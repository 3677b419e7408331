import { TransformRefusal } from "./refusal.ts";

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
    return NATIVE_JSON.parse(text, (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source
        ? new NumberText(source)
        : value,
    );
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
