// Copies the comments of EventType in the contract into the table of docs/reference/events.md, and into the JSON Schema.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../setup/places.mjs";

const PAGE = "docs/reference/events.md";
const SCHEMA = "docs/reference/events-v1.schema.json";
/** The rows of the table. */
const TABLE = /(?<=^\| event \| when \| always has \|\n\|---\|---\|---\|\n)(?:\|.*\n)+/m;

/** Returns the documents with the present comments. */
export function withEventTypes() {
  const types = eventTypes();
  const [page, schema] = [PAGE, SCHEMA].map((file) => readFileSync(join(ROOT, file), "utf8"));
  if (page === undefined || schema === undefined || !TABLE.test(page))
    throw new Error(`${PAGE} has no table of types`);
  return [
    { file: PAGE, text: page.replace(TABLE, tableOf(types, JSON.parse(schema).$defs)) },
    { file: SCHEMA, text: types.reduce(withDescription, schema) },
  ];
}

export function writeEventTypes() {
  for (const { file, text } of withEventTypes()) writeFileSync(join(ROOT, file), text);
}

/**
 * Names in comments are as in JSON; `marked` has them in backticks.
 * @typedef {{ readonly name: string, readonly comment: string, readonly marked: string }} EventType
 */

/** @returns {EventType[]} */
function eventTypes() {
  const events = readFileSync(join(ROOT, "proto/dlq/v1/event.proto"), "utf8");
  const states = readFileSync(join(ROOT, "proto/dlq/v1/state.proto"), "utf8");
  const types = [...events.matchAll(/((?: +\/\/ .*\n)+) +EVENT_TYPE_(\w+) = [1-9]/g)];
  const values = [...states.matchAll(/ MESSAGE_STATE_(\w+) =/g)].map(([, value]) => value);
  const isValue = new Set([...types.map(([, , value]) => value), ...values]);
  return types.map(([, lines = "", value = ""]) => {
    const text = lines
      .trim()
      .replace(/\n? *\/\/ /g, " ")
      .trim();
    const withNames = (/** @type {(name: string) => string} */ show) =>
      text.replace(/\b(?:[A-Z_]+|[a-z]+(?:_[a-z]+)+)\b/g, (word) =>
        isValue.has(word) || word.includes("_") ? show(word.toLowerCase()) : word,
      );
    return {
      name: value.toLowerCase(),
      comment: withNames((name) => name),
      marked: withNames((name) => `\`${name}\``),
    };
  });
}

/**
 * @param {readonly EventType[]} types
 * @param {Readonly<Record<string, { readonly required?: readonly string[] }>>} definitions
 */
function tableOf(types, definitions) {
  const rows = types.map(({ name, marked }) => {
    const fields = definitions[name]?.required ?? [];
    const cells = [`\`${name}\``, marked, fields.map((field) => `\`${field}\``).join(", ")];
    return `| ${cells.join(" | ").trimEnd()} |`;
  });
  return `${rows.join("\n")}\n`;
}

/** @param {string} schema @param {EventType} type */
function withDescription(schema, { name, comment }) {
  const description = new RegExp(`(?<=^    "${name}": \\{\\n      "description": )".*"`, "m");
  if (!description.test(schema)) throw new Error(`${SCHEMA} has no description of ${name}`);
  return schema.replace(description, () => JSON.stringify(comment));
}
