import { expect, it } from "vitest";
import { type PlayedCell, tableOf } from "./table.ts";

const CELL: PlayedCell = {
  ...{ language: "a", group: "send", scenario: "sent" },
  ...{ state: "passed", tookMs: 1234 },
};

it("has a result in each cell, and counts them", () => {
  const table = tableOf([
    CELL,
    { ...CELL, scenario: "joined", state: "failed" },
    { ...CELL, scenario: "unselected", state: "not played" },
    { ...CELL, language: "b" },
  ]);
  const rows = table.split("\n").map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    ["scenario", "a", "b"],
    ["send: sent", "ok 1.2 s", "ok 1.2 s"],
    ["send: joined", "FAILED", "–"],
    ["send: unselected", "NOT PLAYED", "–"],
    [""],
    ["a: 1 of 3 scenarios ok, 1 FAILED, 1 not played"],
    ["b: 1 of 1 scenarios ok"],
  ]);
});
