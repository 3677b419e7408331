import { expect, test } from "vitest";
import { loadScript } from "../../../src/store/redis/script-text/build.ts";
import { SCRIPTS, type ScriptName } from "../../../src/store/redis/scripts.ts";

/** Lua's own limit of local variables in one function: a script that has more does not load. */
const LUA_LOCALS = 200;

test.each(Object.keys(SCRIPTS) as ScriptName[])("%s has room for locals", (name) => {
  const declared = loadScript(name)
    .source.split("\n")
    .map((line) => /^local (function )?([A-Za-z_, 0-9]+)/.exec(line))
    .map((found) => (found?.[1] === undefined ? (found?.[2]?.split(",").length ?? 0) : 1));
  expect(declared.reduce((sum, count) => sum + count, 0)).toBeLessThan(LUA_LOCALS - 10);
});

test("one that only reads has none of the functions that write", () => {
  const { source } = loadScript("examine");
  expect(source).toMatch(/^local function fetch\(/m);
  for (const name of [
    "put",
    "rank",
    "count",
    "journal",
    "schedule",
    "key_queues.build",
    "finish",
  ]) {
    expect(source).not.toContain(`function ${name}(`);
  }
});
