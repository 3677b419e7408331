import { expect, test } from "vitest";
import { statementsOf } from "../../../../src/store/redis/script-text/statements.ts";
import { textOf, tokenize } from "../../../../src/store/redis/script-text/tokens.ts";

const statements = (source: string) =>
  statementsOf(tokenize(source)).map(({ tokens, defines }) => ({ text: textOf(tokens), defines }));

test.each([
  ["a function", "local function a() return 1 end", ["a"]],
  ["a function of a table", "function a.b()\n  return a\nend", ["a.b"]],
  ["the builder of a part, which is needed as long as the part", "function a.build() end", ["a"]],
  ["a variable", "local a = BASE .. ':a'", ["a"]],
  ["several variables", "local a, b = string.match(BASE, '^(.*)$')", ["a", "b"]],
  [
    "a variable with a value of calls without effects",
    "local a = lazy({ n = tonumber(x) })",
    ["a"],
  ],
  ["a table over several lines", "local a = {\n  b = 1,\n}", ["a"]],
  [
    "functions that share variables",
    "do\n  local n = 0\n  function a() return n end\n  function b() end\nend",
    ["a", "b"],
  ],
])("%s defines names", (_, source, names) => {
  expect(statements(source)).toEqual([{ text: source, defines: names }]);
});

test.each([
  ["a call", "redis.call('DEL', KEYS[1])"],
  ["a variable with the value of a call", "local a = redis.call('GET', KEYS[1])"],
  ["a variable with the value of a method of a result", "local a = string.rep('x', 2):call()"],
  ["a condition", "if a then b = 1 else b = 2 end"],
  ["a loop", "while a do b() end"],
  ["a block that calls", "do\n  redis.call('DEL', KEYS[1])\nend"],
])("%s has effects", (_, source) => {
  expect(statements(source)).toEqual([{ text: source, defines: undefined }]);
});

test("a statement ends where the next begins, wherever its lines start", () => {
  const source =
    "local a = 1 local b = a\n  + 2 c.d = function() return 1 end\n  e(f)\nfor i = 1, 2 do\ng()\nend h()";
  expect(statements(source).map(({ text }) => text)).toEqual([
    "local a = 1",
    "local b = a\n  + 2",
    "c.d = function() return 1 end",
    "e(f)",
    "for i = 1, 2 do\ng()\nend",
    "h()",
  ]);
});

test("a statement uses variables, but neither texts, comments nor keys of tables", () => {
  const source = "local a = { k = b.c, 'd' } -- e\nf(a.g)";
  const uses = statementsOf(tokenize(source)).map((one) => [...one.uses].toSorted());
  expect(uses).toEqual([
    ["a", "b", "b.c"],
    ["a", "a.g", "f"],
  ]);
});

test.each([
  ["a long comment", "--[[ a ]]"],
  ["a text that does not end", "local a = 'b"],
])("%s is refused", (_, source) => {
  expect(() => tokenize(source)).toThrow();
});
