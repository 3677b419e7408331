import { expect, it } from "vitest";
import { csvOf, readCsv } from "./csv.ts";

it("CSV has one line for each row, and quotes what needs quotes", () => {
  expect(
    csvOf([
      ["a", 1],
      ['b, "c"', ""],
    ]),
  ).toBe('a,1\n"b, ""c""",\n');
});

it("reads what it has written", () => {
  const rows = [["a", "", "b,c"], ['"', "d\ne", ""], [""]];
  expect(readCsv(csvOf(rows))).toEqual(rows);
});
