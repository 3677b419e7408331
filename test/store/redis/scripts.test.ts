import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadScript } from "../../../src/store/redis/script-text/build.ts";
import { luaName } from "../../../src/store/redis/script-text/expand.ts";
import { localNames, statementsOf } from "../../../src/store/redis/script-text/statements.ts";
import { tokenize } from "../../../src/store/redis/script-text/tokens.ts";
import { SCRIPTS, type ScriptName, type ScriptSpec } from "../../../src/store/redis/scripts.ts";

const LUA = join(import.meta.dirname, "../../../src/store/redis/lua");
const NAMES = Object.keys(SCRIPTS) as ScriptName[];
const FILES = readdirSync(LUA, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".lua"),
);
const sourceOf = (file: string) => readFileSync(join(LUA, file), "utf8");

/** The text of a script, outside and inside of its inner function. */
function levelsOf(name: ScriptName): [outer: string, inner: string] {
  const [, outer = "", inner = ""] =
    /^#!.*\n([\s\S]*)\nreturn \(function\(\)\n([\s\S]*)\nend\)\(\)\n$/.exec(
      loadScript(name).source,
    ) ?? [];
  return [outer, inner];
}

describe.each(NAMES)("%s", (name) => {
  test("has room for local variables: Lua allows a function 200", () => {
    for (const level of levelsOf(name)) {
      const declared = statementsOf(tokenize(level)).flatMap(({ tokens }) => {
        if (tokens[0]?.text !== "local") return [];
        return tokens[1]?.text === "function" ? ["function"] : localNames(tokens);
      });
      expect(declared.length).toBeLessThan(190);
    }
  });

  test("begins with what it does, its keys, arguments by name and reply", () => {
    const source = sourceOf(`${name}.lua`);
    const block = source.slice(0, source.search(/^(?!--)/m));
    const given = /^-- ARGV: ([\s\S]*?)\n-- Reply: /m.exec(block)?.[1] ?? "";
    const { numbers, strings, item }: ScriptSpec = SCRIPTS[name];
    const [header = "", items = ""] = given.replace(/\([^)]*\)/g, "").split("items:");
    const words = (text: string) => text.match(/\w+/g) ?? [];
    expect(block).toMatch(/^-- .*[\s\S]*\n-- KEYS: /);
    expect(words(header).filter((word) => word !== "none")).toEqual(
      [...numbers, ...strings].map(luaName),
    );
    expect(words(items)).toEqual(item.map(luaName));
  });
});

test("names of keys, arguments and writes stay outside of the inner function, which uses them most", () => {
  const [outer, inner] = levelsOf("send");
  for (const text of ["local k_due =", "local max_messages =", "function put(", "local now ="]) {
    expect(outer).toContain(text);
    expect(inner).not.toContain(text);
  }
  expect(inner).toContain("local function schedule(");
});

test("a script that only reads has none of the functions that write", () => {
  const { source } = loadScript("examine");
  expect(source).toContain("local function fetch(");
  for (const name of ["put", "rank", "count", "add_change", "schedule", "build", "finish"]) {
    expect(source).not.toMatch(new RegExp(`function (\\w+\\.)?${name}\\(`));
  }
});

test("constants and comments are not in the text", () => {
  const { source } = loadScript("send");
  expect(source).not.toMatch(/--|RATE_TAU_MS|STATE\.|LIMIT\.|I_facts/);
});

test.each(FILES)("no function of %s is longer than 80 lines", (file) => {
  const starts: number[] = [];
  let line = 1;
  const long: number[] = [];
  let loops = 0;
  for (const { text, type, before } of tokenize(sourceOf(file))) {
    line += before.split("\n").length - 1;
    if (type !== "keyword") continue;
    if (text === "do" && loops > 0) loops--;
    else if (["function", "if", "for", "while", "do", "repeat"].includes(text)) {
      starts.push(text === "function" ? line : Number.POSITIVE_INFINITY);
      if (text === "for" || text === "while") loops++;
    } else if (text === "end" || text === "until") {
      const start = starts.pop() ?? 0;
      if (line - start >= 80) long.push(start);
    }
  }
  expect(long).toEqual([]);
});
