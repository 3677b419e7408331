import { describe, expect, test } from "vitest";
import { jsonEqual, parseJson } from "../../../src/core/transform/json.ts";

const equal = (a: string, b: string): boolean => jsonEqual(parseJson(a, "a"), parseJson(b, "b"));

describe("equal are", () => {
  test.each([
    ["null", "null"],
    ["[]", "[ ]"],
    ['{"a":1,"b":[2]}', '{"b":[2],"a":1}'],
    ["1", "1.0"],
    ["100", "1e2"],
    ["1.50", "15E-1"],
    ["0", "-0.00"],
    ["0e5", "0"],
    ["9007199254740993", "9007199254740993.0"],
    ["1e400", "10e399"],
    ["1e-9999999999999999999", "10e-10000000000000000000"],
  ])("%s and %s", (a, b) => {
    expect([equal(a, b), equal(b, a)]).toEqual([true, true]);
  });
});

describe("different are", () => {
  test.each([
    ["null", "false"],
    ["1", '"1"'],
    ["1", "-1"],
    ["1", "10"],
    ["1", "0.1"],
    ["9007199254740993", "9007199254740992"],
    ["1e400", "1e401"],
    ["[1]", "[1,2]"],
    ["[1,2]", "[2,1]"],
    ["[]", "{}"],
    ['{"a":1}', '{"a":1,"b":2}'],
    ['{"a":1}', '{"b":1}'],
    ['{"toString":1}', "{}"],
    ["1.0", "{}"],
  ])("%s and %s", (a, b) => {
    expect([equal(a, b), equal(b, a)]).toEqual([false, false]);
  });
});

describe("numbers as long as a payload are compared quickly", () => {
  const zeros = "0".repeat(200_000);
  const nines = "9".repeat(1_000_000);
  test.each([
    ["with zeros within", `1${zeros}1`, `1${zeros}1.0`, true],
    ["with zeros behind the point", `1.${zeros}1`, `1.${zeros}2`, false],
    ["with zeros at the end", `1${zeros}`, `1e${zeros.length}`, true],
    ["with an endless exponent", `1e${nines}`, `1e${nines}`, true],
    ["with another endless exponent", `1e${nines}`, `1e1${nines}`, false],
  ])("%s", (_, a, b, same) => {
    const [left, right] = [parseJson(a, "a"), parseJson(b, "b")];
    const startMs = performance.now();
    expect(jsonEqual(left, right)).toBe(same);
    // A regular expression needs half a minute for the first one, arithmetic a second for an
    // exponent.
    expect(performance.now() - startMs).toBeLessThan(500);
  });
});
