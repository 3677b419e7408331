// Compares the lines of the server's log with docs/guides/troubleshoot.md, in both directions.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codesOf, ROOT, readDocument, tableRows } from "./markdown.ts";

const TROUBLESHOOT = readDocument("docs/guides/troubleshoot.md");
const LEVELS = ["info", "warn", "error"] as const;

/** Messages that are no literal, by the variable that has them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  "src/app/ack.ts status": ["quarantined", "discarded"],
  "src/app/bounded-log.ts message": [], // of its callers
  "src/serve/open-store.ts warning": [], // advice, held by test/advice.test.ts
  "src/serve/serve.ts warning": [], // advice, held by test/advice.test.ts
  "src/store/embedded/supervisor.ts why": [
    "redis-server ended unexpectedly …",
    "redis-server could not be started: …",
  ],
};

/** `log.warn(`, `log[level](`, and `this.#warn(` of a class that limits its lines. */
const CALL = /(?:\blog\??\.|this\.#(?=warn))(?<level>info|warn|error)\(|\blog\[level\]\(/g;

interface Line {
  readonly file: string;
  readonly level: string;
  readonly message: string;
}

/** Every call of a log at these levels, with its possible messages. */
function linesOf(file: string): Line[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  return [...source.matchAll(CALL)].flatMap(({ index, 0: start, groups }) => {
    const levels = groups?.level === undefined ? ["info", "warn"] : [groups.level];
    const messages = messagesOf(file, source, argumentsFrom(source, index + start.length));
    return messages.flatMap((message) => levels.map((level) => ({ file, level, message })));
  });
}

/** The text up to the end of a call. */
function argumentsFrom(source: string, from: number): string {
  let depth = 1;
  for (const { index, 0: token } of source.slice(from).matchAll(/"(?:[^"\\]|\\.)*"|[()]/g)) {
    if (token === "(") depth++;
    if (token === ")") depth--;
    if (depth === 0) return source.slice(from, from + index);
  }
  throw new Error("a call without an end");
}

function messagesOf(file: string, source: string, call: string): readonly string[] {
  let text = call.replaceAll(/=== "\w+"/g, "");
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replaceAll(/\{[^{}]*\}/g, ""); // the facts
  }
  const literals = literalsOf(text);
  if (literals.length > 0) return literals;
  const variable = /(\w+)(?: \?\? \S+)?[\s,]*$/.exec(text)?.[1] ?? "";
  const known = VARIABLES[`${file} ${variable}`];
  if (known !== undefined) return known;
  const declared = [...source.matchAll(new RegExp(`const ${variable} =(.*?);\n`, "gs"))];
  const found = declared.flatMap(([, value = ""]) => literalsOf(value));
  if (found.length === 0) throw new Error(`${file}: which messages has log(${call})?`);
  return found;
}

function literalsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, literal = ""]) => literal);
}

const LINES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .toSorted()
  .flatMap((name) => linesOf(join("src", name)));

const rows = tableRows(TROUBLESHOOT, "`msg`").map(([messages = "", levels = ""]) => ({
  messages: codesOf(messages),
  levels: levels.split(", "),
}));
/** The sentence below the table. */
const [, startLines = ""] =
  /^Lines of every start and stop: (.*?)\. Other warnings/ms.exec(TROUBLESHOOT) ?? [];

test.each(LEVELS)("each line of level %s is in the table, or in the list of starts", (level) => {
  const listed = rows.filter(({ levels }) => levels.includes(level)).flatMap((row) => row.messages);
  if (level === "info") listed.push(...codesOf(startLines));
  const missing = LINES.filter((line) => line.level === level && !listed.includes(line.message));
  expect(missing).toEqual([]);
});

test("each line of the table and of the list is in the source, at its level", () => {
  const logged = new Set(LINES.map(({ level, message }) => `${level} ${message}`));
  const documented = rows.flatMap(({ messages, levels }) =>
    messages.flatMap((message) => levels.map((level) => `${level} ${message}`)),
  );
  documented.push(...codesOf(startLines).map((message) => `info ${message}`));
  expect(documented.length).toBeGreaterThan(20);
  expect(documented.filter((line) => !logged.has(line))).toEqual([]);
});
