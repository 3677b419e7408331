// References in a scenario: to results of earlier steps, and to generated values.

import { randomBytes } from "node:crypto";
import { isMap, type Json, type JsonMap } from "./json.ts";

/** Results that a step may refer to by `$name`. */
export type Scope = Record<string, Json | undefined>;

/** A map with exactly one of these names is a generated value. */
const MADE: Readonly<Record<string, (given: Json) => Json>> = {
  // An instant in ms, this long from now.
  $from_now: (ms) => Date.now() + Number(ms),
  // `{ text, times }`
  $repeat: (given) => {
    const { text, times } = given as { text: string; times: number };
    return text.repeat(times);
  },
  // This many random bytes, as base64.
  $random: (bytes) => randomBytes(Number(bytes)).toString("base64"),
};

const WHOLE = /^\$(?<path>[a-z][\w.]*)$/;
const WITHIN = /\$\{(?<path>[a-z][\w.]*)\}/g;

/** Returns the value with all references replaced, also inside maps and lists. */
export function resolved(value: Json | undefined, scope: Scope): Json | undefined {
  if (typeof value === "string") return resolvedText(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolved(item as Json, scope) ?? null);
  if (!isMap(value)) return value;
  const [first, ...others] = Object.keys(value);
  const make = first === undefined || others.length > 0 ? undefined : MADE[first];
  const map: JsonMap = Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolved(item, scope)]),
  );
  return make === undefined ? map : make(map[first as string] ?? null);
}

function resolvedText(text: string, scope: Scope): Json | undefined {
  const path = WHOLE.exec(text)?.groups?.path;
  if (path !== undefined) return lookUp(path, scope);
  return text.replace(WITHIN, (...args) => {
    const { path: within = "" } = args.at(-1) as Record<string, string>;
    return String(lookUp(within, scope));
  });
}

function lookUp(path: string, scope: Scope): Json | undefined {
  const [name = "", ...fields] = path.split(".");
  if (!(name in scope)) throw new Error(`$${path} refers to ${name}, which no step has made`);
  let value = scope[name];
  for (const field of fields) {
    value = Array.isArray(value) ? value[Number(field)] : isMap(value) ? value[field] : undefined;
    if (value === undefined) throw new Error(`$${path} refers to a ${field} that is not there`);
  }
  return value;
}
