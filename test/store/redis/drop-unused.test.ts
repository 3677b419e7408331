import { expect, test } from "vitest";
import { dropUnused } from "../../../src/store/redis/drop-unused.ts";

const USED = ["local function used()", "  return 1", "end", "redis.call('SET', KEYS[1], used())"];

test.each([
  ["a function", ["local function idle()", "  return used()", "end"]],
  ["a function in one line", ["local function idle() return 1 end"]],
  [
    "functions that only know each other",
    ["local function a()", "  return b()", "end", "function b()", "  return a()", "end"],
  ],
  ["a variable", ["local idle = BASE .. ':idle'"]],
  ["a variable that is computed", ["local idle = tonumber(ARGV[3])"]],
  ["a variable of a pattern", ["local idle, other = string.match(BASE, '^(.*):{(.*)}$')"]],
  ["what only a text names", ["local function SET() end"]],
  ["a table", ["local idle = {", "  a = 1,", "}"]],
  [
    "a part, with what builds it",
    ["local idle = lazy({})", "function idle.build()", "  function idle.go() end", "end"],
  ],
  [
    "functions that share something, with it",
    [
      "local idle, other",
      "do",
      "  local shared = {}",
      "  function idle()",
      "    return shared",
      "  end",
      "  function other() end",
      "end",
    ],
  ],
])("%s that nothing uses is left out", (_, idle) => {
  expect(dropUnused([...idle, ...USED].join("\n"))).toBe(`${USED.join("\n")}\n`);
});

test.each([
  ["what is called", ["local idle = redis.call('INCR', KEYS[1])"]],
  ["a block that does something", ["do", "  redis.call('INCR', KEYS[1])", "end"]],
  [
    "a condition",
    ["if ARGV[1] == '' then", "  return 0", "else", "  redis.call('INCR', KEYS[1])", "end"],
  ],
  [
    "what another function uses that is used",
    [
      "local limits = {",
      "  most = 3,",
      "}",
      "local function most() return limits.most end",
      "redis.call('SET', KEYS[2], most())",
    ],
  ],
  [
    "a field that is called, though its table has more",
    ["local part = { at = 0 }", "function part.go() end", "part.go()"],
  ],
])("%s stays", (_, kept) => {
  const source = `${[...kept, ...USED].join("\n")}\n`;
  expect(dropUnused(source)).toBe(source);
});

test("of a table's functions those that nothing calls are left out", () => {
  const part = [
    "local part = {}",
    "function part.idle() end",
    "function part.go() end",
    "part.go()",
  ];
  expect(dropUnused(part.join("\n"))).toBe("local part = {}\nfunction part.go() end\npart.go()\n");
});
