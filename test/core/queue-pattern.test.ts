import { expect, test } from "vitest";
import { QueuePattern } from "../../src/core/queue-pattern.ts";

test.each([
  ["", ["orders", "a"], []],
  ["*", ["orders", "a"], []],
  ["orders", ["orders"], ["orders2", "order", "my-orders"]],
  ["orders-*", ["orders-", "orders-eu"], ["orders", "my-orders-eu"]],
  ["*-eu", ["-eu", "orders-eu"], ["orders-eu-2"]],
  ["a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "ab", "abcd"]],
  ["ab*ba", ["abba", "ab-ba"], ["aba"]],
  ["a**b", ["ab", "a-b"], ["a"]],
  ["a.c", ["a.c"], ["abc"]],
])("%j matches as people expect", (pattern, matching, others) => {
  const matches = (name: string) => new QueuePattern(pattern).matches(name);
  expect(matching.filter((name) => !matches(name))).toEqual([]);
  expect(others.filter(matches)).toEqual([]);
});

test("many stars cost no more than a search for each part", () => {
  const pattern = new QueuePattern(`${"*a".repeat(60)}*b`);
  expect(pattern.matches("a".repeat(128))).toBe(false);
});

test("a pattern says what can be read without a search", () => {
  expect(new QueuePattern("orders")).toMatchObject({ only: "orders", prefix: "orders" });
  expect(new QueuePattern("orders-*-eu")).toMatchObject({ only: undefined, prefix: "orders-" });
  expect(new QueuePattern("")).toMatchObject({ only: undefined, prefix: "" });
});
