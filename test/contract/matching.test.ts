import { expect, it } from "vitest";
import type { Json } from "./json.ts";
import { mismatch } from "./matching.ts";

const RESULT: Json = { status: "sent", id: "abc", took_ms: 12, error: { kind: "x" }, tags: [1, 2] };

it.for<[Json, string]>([
  [{}, "nothing"],
  [{ status: "sent", error: { kind: "x" } }, "what is named"],
  [{ missing: null }, "what is absent as null"],
  [{ tags: [1, 2] }, "a list"],
  [{ took_ms: { $min: 12, $max: 12 } }, "bounds"],
  [{ id: { $match: "^ab", $length: 3, $not: "abd" } }, "all of several"],
  [{ id: { $any_of: ["x", "abc"] }, other: { $present: false } }, "one of several"],
])("finds no difference in %j: %s", ([wanted]) => {
  expect(mismatch(wanted, RESULT)).toBeUndefined();
});

it.for<[Json, RegExp]>([
  [{ status: "joined" }, /status is "sent", not "joined"/],
  [{ error: { kind: "y" } }, /error\.kind/],
  [{ missing: 1 }, /missing is nothing/],
  [{ tags: [1] }, /tags/],
  [{ tags: [1, 3] }, /tags\[1\]/],
  [{ took_ms: { $min: 13 } }, /took_ms/],
  [{ id: { $min: 1 } }, /id/],
  [{ id: { $not: "abc" } }, /id/],
  [{ id: { $match: "^b" } }, /id/],
  [{ id: { $present: false } }, /id/],
  [{ id: { a: 1 } }, /id/],
])("finds a difference in %j", ([wanted, words]) => {
  expect(mismatch(wanted, RESULT)).toMatch(words);
});

it("refuses unknown comparisons", () => {
  expect(() => mismatch({ id: { $mni: 1 } }, RESULT)).toThrow("$mni");
});
