import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** How the JSON of a field is checked. Other fields are left to the decoder. */
type Check = "int64" | "duration" | "fieldMask" | DescMessage | { valuesOf: DescMessage };

const checksByMessage = new WeakMap<DescMessage, ReadonlyMap<string, Check>>();

const INT64 = /^\s*-?\d{1,40}\s*$/;
const DURATION = /^-?\d{1,20}(?:\.\d{1,9})?s$/;
/** The mask of all fields of a queue has a tenth. */
export const MASK_LENGTH = 16 * 1024;

/**
 * Returns what is wrong with the numbers, durations and masks of a message in JSON; undefined if
 * nothing is, or if it is not JSON at all. The decoder would read 4 MiB of digits for more than a
 * second, split a mask into millions of paths, and report a duration with ten decimals by an error
 * of its own.
 */
export function jsonProblem(desc: DescMessage, bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The decoder reports it. But its text ends with a part of the JSON, and one that ends with half of a character
    // could not be sent.
    const { message } = error as SyntaxError;
    return message.isWellFormed() ? undefined : `the JSON cannot be read: ${message}`;
  }
  // An error that quotes it could not be sent.
  if (SURROGATE.test(text) && LONE_SURROGATE.test(JSON.stringify(value))) {
    return "a string has half of a surrogate pair, such as \\ud800 alone; send whole characters";
  }
  return problemIn(desc, value, "");
}

const SURROGATE = /\\u[dD][89a-fA-F]/;
/** `JSON.stringify` escapes only surrogates without their other half. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

function problemIn(desc: DescMessage, value: unknown, at: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const checks = checksOf(desc);
  for (const [name, one] of Object.entries(value)) {
    const check = checks.get(name);
    if (check === undefined) continue;
    const path = at === "" ? name : `${at}.${name}`;
    for (const item of itemsOf(check, one)) {
      const problem = problemOf(check, item, path);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** The values of a list or map, or the only value. */
function itemsOf(check: Check, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const isMap = typeof check === "object" && "valuesOf" in check;
  return isMap && typeof value === "object" && value !== null ? Object.values(value) : [value];
}

function problemOf(check: Check, value: unknown, path: string): string | undefined {
  switch (check) {
    case "int64":
      if (typeof value === "number" ? Number.isInteger(value) : !isOther(value, INT64)) {
        return undefined;
      }
      return `${path} is not a 64-bit integer such as "123"`;
    case "duration":
      if (!isOther(value, DURATION)) return undefined;
      return `${path} is not a duration such as "1.5s", with at most 9 digits after the point`;
    case "fieldMask":
      if (typeof value !== "string" || value.length <= MASK_LENGTH) return undefined;
      return `${path} is longer than ${MASK_LENGTH} characters; name fewer fields`;
    default:
      return problemIn("valuesOf" in check ? check.valuesOf : check, value, path);
  }
}

/** Values of other types are left to the decoder. */
function isOther(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && !pattern.test(value);
}

function checksOf(desc: DescMessage): ReadonlyMap<string, Check> {
  const known = checksByMessage.get(desc);
  if (known !== undefined) return known;
  const checks = new Map<string, Check>();
  for (const field of desc.fields) {
    const check = checkOf(field);
    if (check === undefined) continue;
    checks.set(field.name, check);
    checks.set(field.jsonName, check);
  }
  checksByMessage.set(desc, checks);
  return checks;
}

function checkOf(field: DescField): Check | undefined {
  if (field.fieldKind === "map") return field.message && { valuesOf: field.message };
  if (field.message === undefined) return isInt64(field.scalar) ? "int64" : undefined;
  switch (field.message.typeName) {
    case "google.protobuf.Duration":
      return "duration";
    case "google.protobuf.FieldMask":
      return "fieldMask";
    default:
      return field.message;
  }
}

const INT64_TYPES: ReadonlySet<ScalarType> = new Set([
  ...[ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64],
  ...[ScalarType.FIXED64, ScalarType.SFIXED64],
]);

function isInt64(scalar: ScalarType | undefined): boolean {
  return scalar !== undefined && INT64_TYPES.has(scalar);
}
