import { expect, test } from "vitest";
import { EDIT_LIMITS, keepLatest } from "../../../src/core/transform/editable.ts";

const diff = (patchBytes: number, inverseBytes = 0, who = "") => ({
  who,
  patch: "p".repeat(patchBytes),
  inverse: "i".repeat(inverseBytes),
});
const { diffs, diffBytes } = EDIT_LIMITS;

test("all are kept where there is room", () => {
  const all = [diff(10, 10), diff(20, 20)];
  expect(keepLatest(all)).toEqual(all);
  expect(keepLatest([])).toEqual([]);
});

test("of more than so many the latest", () => {
  const all = Array.from({ length: diffs + 3 }, (_, n) => diff(1, 1, String(n)));
  expect(keepLatest(all)).toEqual(all.slice(3));
});

test("of more than so many bytes the latest, up to the last byte", () => {
  const half = diffBytes / 2;
  const [a, b] = [diff(half - 1, 1), diff(1, half - 1)];
  expect(keepLatest([diff(1), a, b])).toEqual([a, b]);
  expect(keepLatest([a, diff(1, half)])).toEqual([diff(1, half)]);
});

test("the latest one is there, if need be without what undoes it, or without both", () => {
  expect(keepLatest([diff(1), diff(diffBytes, 1, "me")])).toEqual([diff(diffBytes, 0, "me")]);
  expect(keepLatest([diff(diffBytes + 1, 1, "me")])).toEqual([diff(0, 0, "me")]);
  const wide = { ...diff(0), patch: "é".repeat(diffBytes / 2 + 1) };
  expect(keepLatest([wide])).toEqual([diff(0)]);
});
