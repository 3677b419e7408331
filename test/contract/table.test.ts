import { expect, it } from "vitest";
import { type PlayedCell, tableOf } from "./table.ts";

const CELL: PlayedCell = {
  ...{ language: "a", group: "send", scenario: "sent", lacks: [] },
  ...{ state: "passed", tookMs: 1234 },
};

it("has a result in each cell, and counts them", () => {
  const table = tableOf([
    CELL,
    { ...CELL, scenario: "joined", state: "failed" },
    { ...CELL, scenario: "kept", lacks: ["spool"], state: "not played" },
    { ...CELL, scenario: "unselected", state: "not played" },
    { ...CELL, language: "b" },
  ]);
  const rows = table.split("\n").map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    ["scenario", "a", "b"],
    ["send: sent", "ok 1.2 s", "ok 1.2 s"],
    ["send: joined", "FAILED", "MISSING"],
    ["send: kept", "no spool", "MISSING"],
    ["send: unselected", "NOT PLAYED", "MISSING"],
    [""],
    ["a: 1 of 4 scenarios ok, 1 FAILED, 2 not played"],
    ["b: 1 of 1 scenarios ok"],
  ]);
});
