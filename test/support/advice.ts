// Texts of advice in the source, for the test that each of them is named in some test.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ALL_SETTINGS } from "../../src/config/given-values.ts";
import { flagOf, variableOf, yamlKeyOf } from "../../src/config/setting.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WORDS = 4;

/** A string or a template of the source. */
export interface Advice {
  /** `…` stands for each value. */
  readonly text: string;
  /** Matches what the server writes. */
  readonly pattern: RegExp;
}

/** The texts of a file with at least four words. Joined literals are one text. */
export function adviceIn(file: string): Advice[] {
  const source = read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*(?:\/\/|import ).*$/gm, "");
  const chains = source.matchAll(new RegExp(`${LITERAL}(?:\\s*\\+\\s*${LITERAL})*`, "g"));
  return [...chains].flatMap(([chain]) => {
    const literals = [...chain.matchAll(new RegExp(LITERAL, "g"))].map(([literal]) => literal);
    const inside = literals.map((literal) => literal.slice(1, -1)).join("");
    const parts = inside.split(VALUE).map((part) => part.replaceAll(/\\(.)/g, "$1"));
    const text = parts.join("…");
    if (wordsOf(text).length < WORDS) return [];
    return [{ text, pattern: new RegExp(parts.map(literally).join(".*"), "s") }];
  });
}

/** A string, or a template without templates in it. */
const LITERAL = String.raw`(?:"(?:[^"\\\n]|\\.)*"|\x60(?:[^\x60\\]|\\.)*\x60)`;

/** `${…}`, with braces and strings in it. */
const VALUE = /\$\{(?:[^{}]|\{[^{}]*\})*\}/;

/** Reports whether a test has three words in a row of a text. */
export function isIn(test: string, { text }: Advice): boolean {
  const source = wordsOf(read(test).replaceAll("\\", "")).join(" ");
  return text.split("…").some((part) => {
    const words = wordsOf(part);
    return words.some((_, at) => {
      const run = words.slice(at, at + 3);
      return run.length === 3 && source.includes(run.join(" "));
    });
  });
}

/** Names in a text that look like a flag, a variable, a setting, a field or a call, and are none. */
export function unknownNames(text: string): string[] {
  const names = text.matchAll(
    /--[a-z][\w-]+|\bDLQ_[A-Z_]+|\b[a-z]+(?:[-_][a-z]+)+\b|\b(?:[A-Z][a-z]+){2,}\b/g,
  );
  return [...names].map(([name]) => name).filter((name) => !KNOWN.has(name));
}

const CONTRACT = readdirSync(join(ROOT, "proto/dlq/v1"))
  .map((name) => read(join("proto/dlq/v1", name)))
  .join("\n");

/** Names of programs and of their options, and plain words. */
const OTHERS = [
  ...["--fix", "--insecure-listen", "redis-server", "redis-check-aof", "redis-check-rdb"],
  ...["redis-tools", "maxmemory-policy", "master_replid", "append-only", "cluster-enabled"],
  ...["read-only", "file-max", "dlq-server"],
];

const KNOWN: ReadonlySet<string> = new Set([
  ...OTHERS,
  ...ALL_SETTINGS.flatMap((one) => [one.name, flagOf(one), variableOf(one), yamlKeyOf(one)]),
  ...[...CONTRACT.matchAll(/\brpc (\w+)\(|\b(\w+) = \d+[;\s]/g)].map(([, rpc, field]) =>
    String(rpc ?? field),
  ),
]);

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function wordsOf(text: string): string[] {
  return text.match(/[\w-]+/g) ?? [];
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
