// What stands for values in a scenario: results of earlier steps, and what is too long to be written.

import { randomBytes } from "node:crypto";
import { isMap, type Json, type JsonMap } from "./json.ts";

/** Names that a step may refer to, by `$name`. */
export type Scope = Record<string, Json | undefined>;

/** Makes the value of a map that has one of these names, and no other. */
const MADE: Readonly<Record<string, (given: Json) => Json>> = {
  // So many ms from now, as an instant in ms.
  $from_now: (ms) => Date.now() + Number(ms),
  // `{ text, times }`
  $repeat: (given) => {
    const { text, times } = given as { text: string; times: number };
    return text.repeat(times);
  },
  // So many bytes that nothing makes smaller, as base64.
  $random: (bytes) => randomBytes(Number(bytes)).toString("base64"),
};

const WHOLE = /^\$(?<path>[a-z][\w.]*)$/;
const WITHIN = /\$\{(?<path>[a-z][\w.]*)\}/g;

/** The value with all references followed, in maps and lists, too. */
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
