// Whether a value matches what a scenario expects. Of maps, only the named fields are compared.

import { isMap, type Json, type JsonMap, shown } from "./json.ts";

type Matcher = (wanted: Json, actual: Json | undefined) => boolean;

/** A map with one of these names is a comparison, not a map of fields. */
const MATCHERS: Readonly<Record<string, Matcher>> = {
  $min: (wanted, actual) => typeof actual === "number" && actual >= Number(wanted),
  $max: (wanted, actual) => typeof actual === "number" && actual <= Number(wanted),
  $match: (wanted, actual) =>
    typeof actual === "string" && new RegExp(String(wanted), "su").test(actual),
  $not: (wanted, actual) => mismatch(wanted, actual) !== undefined,
  $any_of: (wanted, actual) =>
    Array.isArray(wanted) && wanted.some((one) => mismatch(one, actual) === undefined),
  $present: (wanted, actual) => isPresent(actual) === wanted,
  $length: (wanted, actual) =>
    (typeof actual === "string" || Array.isArray(actual)) && actual.length === wanted,
};

/** @returns the first difference; undefined if the value matches */
export function mismatch(
  wanted: Json | undefined,
  actual: Json | undefined,
  path = "",
): string | undefined {
  if (isMap(wanted)) {
    const names = Object.keys(wanted);
    return names.some((name) => name.startsWith("$"))
      ? mismatchOfMatchers(wanted, actual, path)
      : mismatchOfMap(wanted, actual, path);
  }
  if (Array.isArray(wanted)) return mismatchOfList(wanted, actual, path);
  return Object.is(wanted ?? null, actual ?? null) ? undefined : differs(wanted, actual, path);
}

function mismatchOfMatchers(wanted: JsonMap, actual: Json | undefined, path: string) {
  for (const [name, value] of Object.entries(wanted)) {
    const matcher = MATCHERS[name];
    if (matcher === undefined)
      throw new Error(`${path || "a value"} is compared by unknown ${name}`);
    if (!matcher(value ?? null, actual)) return differs(wanted, actual, path);
  }
  return undefined;
}

function mismatchOfMap(wanted: JsonMap, actual: Json | undefined, path: string) {
  if (!isMap(actual)) return differs(wanted, actual, path);
  for (const [name, value] of Object.entries(wanted)) {
    const found = mismatch(value, actual[name], path === "" ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function mismatchOfList(wanted: readonly Json[], actual: Json | undefined, path: string) {
  if (!Array.isArray(actual) || actual.length !== wanted.length) {
    return differs(wanted, actual, path);
  }
  for (const [at, value] of wanted.entries()) {
    const found = mismatch(value, actual[at], `${path}[${at}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function differs(wanted: Json | undefined, actual: Json | undefined, path: string): string {
  return `${path || "it"} is ${shown(actual)}, not ${shown(wanted)}`;
}

/** Agents may give an absent value as null, as empty, or not at all. */
function isPresent(actual: Json | undefined): boolean {
  return actual !== undefined && actual !== null && actual !== "";
}
