import { expect, test } from "vitest";
import { sourceOfMany } from "../../../../src/store/redis/script-text/many.ts";
import { statementsOf } from "../../../../src/store/redis/script-text/statements.ts";
import { tokenize } from "../../../../src/store/redis/script-text/tokens.ts";
import { useTestStore } from "../../../support/store.ts";

const at = useTestStore();
const level = (lua: string) => statementsOf(tokenize(lua));

const OUTER = `
  local BASE = KEYS[1]
  local amount = tonumber(ARGV[1])
  local sum = 0
  local last
  local function add(by) sum = sum + by end`;
const INNER = `
  local TWICE = { factor = 2 }
  local SEEN = {}
  local noted = {}
  local function note(text) noted[#noted + 1] = text end
  local function add_twice(by) add(TWICE.factor * by) end`;

/** The replies of a script for these queues, each with its amount. */
async function run(main: string, amounts: Readonly<Record<string, number>>): Promise<unknown> {
  const queues = Object.keys(amounts);
  const args = queues.flatMap((queue) => [1, amounts[queue] ?? 0]);
  const source = sourceOfMany([level(OUTER), level(INNER), level(main)]);
  return at.current.redis.eval(source, queues.length, ...queues, queues.length, ...args);
}

test("each part begins with variables of its own", async () => {
  const main = `
    local was = last
    last = amount
    note(BASE)
    add(1)
    add_twice(amount)
    SEEN[#SEEN + 1] = BASE
    return { sum, #noted, noted[1], was or 'none', #SEEN }`;
  expect(await run(main, { a: 10, b: 20 })).toEqual([
    [21, 1, "a", "none", 1],
    [41, 1, "b", "none", 1],
  ]);
});

test("after an error in a part, the next one begins anew", async () => {
  const main = `
    add(amount)
    note('changed')
    if amount == 1 then redis.call('INCR') end
    return { sum, #noted }`;
  expect(await run(main, { a: 1, b: 2 })).toEqual([expect.any(Error), [2, 1]]);
});

test("a name has one declaration", () => {
  const twice = level("local sum = 1\nlocal function sum() end");
  expect(() => sourceOfMany([twice, [], []])).toThrow("sum is declared twice");
});
