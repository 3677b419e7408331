import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { PARTITION_KEYS, QUEUE_KEYS } from "../keys.ts";
import { SCRIPTS, type ScriptName, type ScriptSpec } from "../scripts.ts";
import { expand, luaName } from "./expand.ts";
import { type Levels, sourceOfMany } from "./many.ts";
import { declaredBy, localNames, type Statement, statementsOf } from "./statements.ts";
import { type Token, textOf, tokenize } from "./tokens.ts";

/** Where scripts take their time from: the store, or a key that a test sets. */
export type ScriptClock = "store" | "key";

export interface LoadedScript {
  readonly name: ScriptName;
  readonly source: string;
  readonly sha: string;
  /** The same script for many queues or partitions in one call; see many.ts. */
  readonly many: { readonly source: string; readonly sha: string };
  /** False: it only reads. */
  readonly writes: boolean;
}

const LUA = new URL("../lua/", import.meta.url);

/**
 * Parts that go into the outermost function. Lua finds variables of outer functions faster than those of the
 * function right outside, so parts that most functions use go there.
 */
const OUTER: readonly string[] = ["time", "lazy", "writes"];

/**
 * Puts a script together: names of its keys and arguments, the parts of the library and of its own folder in
 * the order in which they need each other, then its own text. Unused parts are left out, because Lua creates
 * all functions in each call (0.1 to 0.2 us each). Constants are inlined, because a function may have only 200
 * variables.
 */
export function loadScript(name: ScriptName, clock: ScriptClock = "store"): LoadedScript {
  const spec: ScriptSpec = SCRIPTS[name];
  const time = clock === "store" ? "time" : "time_from_key";
  const outer = OUTER.map((part) => library(part === "time" ? time : part));
  const inner = inOrder([...librarySources(), ...ownParts(name)]);
  const head = statementsOf(tokenize(headOf(spec)));
  const main = readStatements(`${name}.lua`);
  const levels = inlineConstants(dropUnused([[...head, ...outer.flat()], inner.flat(), main]));
  const [outermost, rest, own] = levels.map((level) =>
    level.map(({ tokens }) => textOf(tokens)).join("\n"),
  );
  const flags = spec.flags === "" ? "" : ` flags=${spec.flags}`;
  const one = `#!lua${flags}\n${outermost}\nreturn (function()\n${rest}\n${own}\nend)()\n`;
  const many = `#!lua${flags}\n${sourceOfMany(levels)}`;
  return {
    name,
    source: one,
    sha: shaOf(one),
    many: { source: many, sha: shaOf(many) },
    writes: spec.flags !== "no-writes",
  };
}

const shaOf = (source: string) => createHash("sha1").update(source).digest("hex");

/** Names of keys and arguments. `FIRST` is the index of the first item, `STRIDE` the size of one. */
function headOf(spec: ScriptSpec): string {
  const lines = [
    "local BASE = KEYS[1]",
    // `PREFIX:{TAG}:QUEUE`; a prefix has no colon and no braces.
    "local PREFIX = string.sub(BASE, 1, string.find(BASE, ':', 1, true) - 1)",
    "local TAG_END = string.find(BASE, '}', 1, true)",
    "local PARTITION = string.sub(BASE, 1, TAG_END)",
    "local QUEUE = string.sub(BASE, TAG_END + 2)",
  ];
  for (const [key, suffix] of Object.entries(PARTITION_KEYS)) {
    lines.push(`local p_${luaName(key)} = PARTITION .. '${suffix}'`);
  }
  for (const [key, suffix] of Object.entries(QUEUE_KEYS)) {
    lines.push(`local k_${luaName(key)} = BASE .. '${suffix}'`);
  }
  let at = 1;
  for (const arg of spec.numbers) lines.push(`local ${luaName(arg)} = tonumber(ARGV[${at++}])`);
  for (const arg of spec.strings) lines.push(`local ${luaName(arg)} = ARGV[${at++}]`);
  if (!spec.strings.includes("deliverySettings")) lines.push("local delivery_settings = ''");
  lines.push(`local FIRST, STRIDE = ${at}, ${Math.max(1, spec.item.length)}`);
  spec.item.forEach((arg, index) => {
    lines.push(`local I_${luaName(arg)} = ${index}`);
  });
  return lines.join("\n");
}

const read = new Map<string, readonly Statement[]>();

function readStatements(path: string): readonly Statement[] {
  let statements = read.get(path);
  if (statements === undefined) {
    try {
      const source = readFileSync(new URL(path, LUA), "utf8");
      statements = statementsOf(expand(tokenize(source)));
    } catch (error) {
      throw new Error(`lua/${path}: ${(error as Error).message}`, { cause: error });
    }
    read.set(path, statements);
  }
  return statements;
}

const library = (part: string) => readStatements(`lib/${part}.lua`);

const luaFiles = (folder: string) =>
  readdirSync(new URL(folder, LUA))
    .filter((file) => file.endsWith(".lua"))
    .toSorted();

function librarySources(): (readonly Statement[])[] {
  const apart = [...OUTER, "time_from_key"].map((part) => `${part}.lua`);
  const files = luaFiles("lib/").filter((file) => !apart.includes(file));
  return files.map((file) => readStatements(`lib/${file}`));
}

/** Parts of one script, in the folder of its name. */
function ownParts(name: ScriptName): (readonly Statement[])[] {
  const folders = readdirSync(LUA, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!folders.some((folder) => folder.name === name)) return [];
  return luaFiles(`${name}/`).map((file) => readStatements(`${name}/${file}`));
}

/** Each part behind those whose names it uses. Throws where two parts need each other. */
function inOrder(parts: readonly (readonly Statement[])[]): (readonly Statement[])[] {
  const owners = new Map<string, readonly Statement[]>();
  for (const part of parts) for (const name of part.flatMap(declaredBy)) owners.set(name, part);
  const ordered: (readonly Statement[])[] = [];
  const visiting = new Set<readonly Statement[]>();
  const visit = (part: readonly Statement[]) => {
    if (ordered.includes(part)) return;
    if (visiting.has(part))
      throw new Error(`parts need each other: ${part.flatMap(declaredBy).join(", ")}`);
    visiting.add(part);
    for (const { uses } of part) {
      for (const name of uses) {
        const owner = owners.get(name);
        if (owner !== undefined && owner !== part) visit(owner);
      }
    }
    ordered.push(part);
  };
  for (const part of parts) visit(part);
  return ordered;
}

/** Keeps statements with effects, and those that define what the kept ones use. */
function dropUnused(levels: Levels): Levels {
  const all = levels.flat();
  const kept = new Set<Statement>();
  const used = new Set<string>();
  const keep = (statement: Statement) => {
    kept.add(statement);
    for (const name of statement.uses) used.add(name);
  };
  for (const statement of all) if (statement.defines === undefined) keep(statement);
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const statement of all) {
      const isUsed = statement.defines?.some((name) => used.has(name)) === true;
      if (isUsed && !kept.has(statement)) keep(statement);
    }
  }
  return eachOf(levels, (level) => level.filter((statement) => kept.has(statement)));
}

/** `local NAME = 1` or `'text'`, of several names too: the value goes where the name is used. */
function inlineConstants(levels: Levels): Levels {
  const values = new Map<string, Token>();
  const rest = eachOf(levels, (level) =>
    level.filter(({ tokens }) => {
      const found = constantsOf(tokens);
      for (const [name, value] of found ?? []) values.set(name, value);
      return found === undefined;
    }),
  );
  const inline = (tokens: readonly Token[]) =>
    tokens.map((token, at) => {
      const value = token.type === "name" ? values.get(token.text) : undefined;
      if (value === undefined || tokens[at - 1]?.text === ".") return token;
      return { ...value, before: token.before };
    });
  return eachOf(rest, (level) =>
    level.map((statement) => ({ ...statement, tokens: inline(statement.tokens) })),
  );
}

function eachOf(
  [outer, inner, main]: Levels,
  work: (level: readonly Statement[]) => readonly Statement[],
): Levels {
  return [work(outer), work(inner), work(main)];
}

function constantsOf(tokens: readonly Token[]): [string, Token][] | undefined {
  const names = tokens[0]?.text === "local" ? localNames(tokens) : [];
  if (names.length === 0 || !names.every((name) => /^[A-Z]/.test(name))) return undefined;
  const values = tokens.slice(2 * names.length + 1).filter(({ text }) => text !== ",");
  const areLiteral = values.every(({ type }) => type === "number" || type === "string");
  if (values.length !== names.length || !areLiteral) return undefined;
  return names.map((name, index) => [name, values[index] as Token]);
}
