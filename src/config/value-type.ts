import { didYouMean } from "./config-error.ts";
import { nearest } from "./suggest.ts";

/** The text of a flag, a variable, a YAML scalar or list. */
export type RawValue = string | readonly string[];

/** The printed form of a value for YAML and JSON, which parses to the same value. */
export type PlainValue = string | number | boolean | readonly string[];

/**
 * `problem` continues a sentence that starts with the value ("is not a duration"). It never
 * contains the value, which may be a secret.
 */
export type Parsed<T> = { readonly ok: T } | { readonly problem: string };

/**
 * The type of a setting's value. All values are parsed from text, so that a text means the same in
 * flags, environment and YAML.
 */
export interface ValueType<T> {
  /** A short noun for help, such as DURATION. */
  readonly placeholder: string;
  /** Allowed values, for errors and docs; completes "allowed: …". */
  readonly allowed: string;
  /** The range alone, for values in another notation. */
  readonly bounds?: string;
  /** Items are separated by commas in flags and variables; YAML may use a sequence. */
  readonly isList?: boolean;
  parse(raw: RawValue): Parsed<T>;
  /** Invariant: `parse(String(format(v)))`, or `parse(format(v))` of a list, returns `v`. */
  format(value: T): PlainValue;
  /** The part of a secret that may be shown. Default: nothing. */
  hide?(value: T): string;
}

/** Creates a type that parses one text and refuses lists. */
export function scalarType<T>(spec: {
  placeholder: string;
  allowed: string;
  bounds?: string;
  parse: (text: string) => Parsed<T>;
  format: (value: T) => PlainValue;
  hide?: (value: T) => string;
}): ValueType<T> {
  return {
    placeholder: spec.placeholder,
    allowed: spec.allowed,
    ...(spec.bounds === undefined ? {} : { bounds: spec.bounds }),
    parse: (raw) =>
      typeof raw === "string"
        ? spec.parse(raw.trim())
        : { problem: "is a list where one value is expected" },
    format: spec.format,
    ...(spec.hide === undefined ? {} : { hide: spec.hide }),
  };
}

export function string(options?: {
  placeholder?: string;
  allowed: string;
  pattern: RegExp;
}): ValueType<string> {
  return scalarType({
    placeholder: options?.placeholder ?? "TEXT",
    allowed: options?.allowed ?? "any text",
    parse: (text) =>
      options === undefined || options.pattern.test(text)
        ? { ok: text }
        : { problem: "has an invalid character or length" },
    format: (value) => value,
  });
}

/** A text of at most `maxBytes` in UTF-8. */
export function text(maxBytes: number): ValueType<string> {
  const bounds = `at most ${maxBytes} bytes`;
  return scalarType({
    placeholder: "TEXT",
    allowed: `a text of ${bounds}`,
    bounds,
    parse: (given) =>
      new TextEncoder().encode(given).length > maxBytes
        ? { problem: "is too long" }
        : { ok: given },
    format: (value) => value,
  });
}

/** A path, relative to the working directory of the process. */
export const path: ValueType<string> = scalarType({
  placeholder: "PATH",
  allowed: "a path, relative to the working directory",
  parse: (text) => (text.includes("\0") ? { problem: "contains a zero character" } : { ok: text }),
  format: (value) => value,
});

const BOOLEANS = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

export const boolean: ValueType<boolean> = scalarType({
  placeholder: "BOOL",
  allowed: "true or false (also yes/no, on/off, 1/0)",
  parse: (text) => {
    const value = BOOLEANS.get(text.toLowerCase());
    return value === undefined ? { problem: "is neither true nor false" } : { ok: value };
  },
  format: (value) => value,
});

export function integer(min: number, max: number): ValueType<number> {
  const bounds = `from ${min} to ${max}`;
  return scalarType({
    placeholder: "N",
    allowed: `a whole number ${bounds}`,
    bounds,
    parse: (text) => {
      if (!/^[+-]?\d+$/.test(text)) return { problem: "is not a whole number" };
      const value = Number(text);
      if (value < min) return { problem: "is too small" };
      return value > max ? { problem: "is too large" } : { ok: value };
    },
    format: (value) => value,
  });
}

/** A decimal number. `zero` accepts 0 outside the range. */
export function decimal(
  min: number,
  max: number,
  options: { zero?: boolean; aboveMin?: boolean } = {},
): ValueType<number> {
  const { zero = false, aboveMin = false } = options;
  const bounds = `${aboveMin ? "above" : "from"} ${min} to ${max}${zero ? ", or 0" : ""}`;
  return scalarType({
    placeholder: "X",
    allowed: `a number ${bounds}`,
    bounds,
    parse: (text) => {
      if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return { problem: "is not a number" };
      const value = Number(text);
      if (zero && value === 0) return { ok: 0 };
      if (value < min || (aboveMin && value === min)) return { problem: "is too small" };
      return value > max ? { problem: "is too large" } : { ok: value };
    },
    format: (value) => value,
  });
}

export function choice<const C extends string>(
  choices: readonly C[],
  placeholder = choices.join("|"),
): ValueType<C> {
  return scalarType({
    placeholder,
    allowed: `one of ${choices.join(", ")}`,
    parse: (text) => {
      const found = choices.find((c) => c.toLowerCase() === text.toLowerCase());
      if (found !== undefined) return { ok: found };
      const { hint } = didYouMean(nearest(text, choices), "");
      return { problem: `is not a known choice${hint && ` (${hint})`}` };
    },
    format: (value) => value,
  });
}
