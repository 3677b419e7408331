import type { PlainValue } from "../config/value-type.ts";
import { type Entry, type InForce, isMappingList, isNested, type MappingList } from "./in-force.ts";

/** Text that needs no quotes in YAML. */
const BARE = /^[A-Za-z0-9_./][A-Za-z0-9_./:@%+-]*$/;
const NOT_BARE = /^(null|true|false|yes|no|\.)$|:$/i;

function scalar(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  // JSON's quoting is valid YAML.
  return BARE.test(value) && !NOT_BARE.test(value) ? value : JSON.stringify(value);
}

function plain(value: PlainValue): string {
  return typeof value === "object" ? `[${value.map(scalar).join(", ")}]` : scalar(value);
}

/** Formats a mapping on one line. */
function flow(entries: readonly Entry[]): string {
  const fields = entries.map(({ key, value }) => {
    const text = isMappingList(value) ? flowList(value) : plain((value ?? "") as PlainValue);
    return `${key}: ${text}`;
  });
  return `{ ${fields.join(", ")} }`;
}

function flowList({ items }: MappingList): string {
  return `[${items.map(flow).join(", ")}]`;
}

function isLeafMapping(value: readonly Entry[]): boolean {
  return value.every((entry) => !isNested(entry.value));
}

/** A line and its comment, which are aligned later. */
type Line = readonly [text: string, comment: string];

function lines(entries: readonly Entry[], indent: string): Line[] {
  return entries.flatMap((entry): Line[] => {
    const { key, value, source } = entry;
    const off = entry.informative === true ? "# " : "";
    if (value === undefined) return [[`${indent}${off}${key}:`, source]];
    if (isMappingList(value)) return [[`${indent}${key}: ${flowList(value)}`, source]];
    if (!isNested(value)) return [[`${indent}${off}${key}: ${plain(value)}`, source]];
    // A policy is printed on one line, a mapping of policies on several.
    if (!isLeafMapping(value)) {
      return [[`${indent}${key}:`, source], ...lines(value, `${indent}  `)];
    }
    return [[`${indent}${key}: ${flow(value)}`, source]];
  });
}

/** Longer lines do not move the comments of the others. */
const COMMENT_COLUMN_MAX = 44;

function align(all: readonly Line[]): string[] {
  const short = all.map(([text]) => text.length).filter((n) => n <= COMMENT_COLUMN_MAX);
  const column = Math.max(0, ...short);
  return all.map(([text, comment]) =>
    comment === "" ? text : `${text.padEnd(column)}  # ${comment}`,
  );
}

export function configAsYaml(state: InForce): string {
  const all: Line[] = [];
  for (const group of state.groups) {
    all.push([`# ${group.title}`, ""], ...lines(group.entries, ""), ["", ""]);
  }
  all.push(["# Every queue", ""], ["defaults:", ""], ...lines(state.defaults, "  "));
  if (state.queues.length > 0) {
    all.push(["", ""], ["# Settings of single queues", ""], ["queues:", ""]);
    for (const { name, entries } of state.queues) {
      all.push([`  ${scalar(name)}:`, ""], ...lines(entries, "    "));
    }
  }
  return `${align(all).join("\n")}\n`;
}

type Json = PlainValue | null | { [key: string]: Json } | readonly Json[];

function valueAsJson(value: Entry["value"]): Json {
  if (value === undefined) return null;
  if (isMappingList(value)) return value.items.map(fieldsAsJson);
  return isNested(value) ? fieldsAsJson(value) : value;
}

function fieldsAsJson(entries: readonly Entry[]): Json {
  return Object.fromEntries(entries.map(({ key, value }) => [key, valueAsJson(value)]));
}

function entriesAsJson(entries: readonly Entry[]): Json {
  return Object.fromEntries(
    entries.map(({ key, value, source }): [string, Json] => {
      if (!isNested(value)) return [key, { value: valueAsJson(value), source }];
      return [
        key,
        isLeafMapping(value) ? { value: fieldsAsJson(value), source } : entriesAsJson(value),
      ];
    }),
  );
}

/** Each value as `{value, source}`, below `settings`, `defaults` and `queues`. */
export function configAsJson(state: InForce, warnings: readonly string[]): string {
  const json: Json = {
    settings: entriesAsJson(state.groups.flatMap((group) => group.entries)),
    defaults: entriesAsJson(state.defaults),
    queues: Object.fromEntries(state.queues.map((q) => [q.name, entriesAsJson(q.entries)])),
    warnings,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
