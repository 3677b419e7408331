import { isObject, type Json, memberOf, NumberText } from "./json.ts";

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
