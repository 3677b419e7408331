// Compares the tables of docs/evidence with the CSV files beside them, and the columns of these files with the reports that
// write them.

import { describe, expect, it } from "vitest";
import { HEAD as BENCH_HEAD } from "../bench/report/csv.ts";
import { RECOVERY_GOAL_MS } from "../faults/report/goals.ts";
import { recoveryHead } from "../faults/report/recovery.ts";
import { HEAD as HOSTILE_HEAD } from "../hostile/report.ts";
import { readCsv } from "../support/csv.ts";
import { readDocument, tableRows } from "./markdown.ts";

/** The columns of a file, and its rows by column. */
function readTable(file: string) {
  const [head = [], ...lines] = readCsv(readDocument(`docs/evidence/${file}`));
  const rows = lines.map((line) => new Map(head.map((name, at) => [name, line[at] ?? ""])));
  return { head, rows };
}

type Row = ReadonlyMap<string, string>;

/** The cells of some columns, joined as in the page. */
const cell = (row: Row | undefined, between: string, ...columns: readonly string[]) =>
  columns.map((name) => row?.get(name)).join(between);

describe("docs/evidence/hostile.md", () => {
  const { head, rows } = readTable("hostile-2026-11-25.csv");

  it("has the figures of its file", () => {
    const page = readDocument("docs/evidence/hostile.md");
    const expected = rows.map((row) => [
      ...["attack", "idle p99 ms", "control p99 ms", "attack p99 ms", "hold-up ms"].map((name) =>
        row.get(name),
      ),
      cell(row, "/", "live memory MiB", "live bound MiB"),
      cell(row, ", ", "CPU server ms/s", "CPU attacker ms/s"),
    ]);
    expect(tableRows(page, "attack")).toEqual(expected);
  });

  it("has a file with the columns of measure.ts", () => {
    expect(head).toEqual(HOSTILE_HEAD);
  });
});

describe("docs/evidence/faults.md", () => {
  const { head, rows } = readTable("recovery-20252.csv");

  it("has recovery times of its file", () => {
    const page = readDocument("docs/evidence/faults.md").split("## Results of long runs")[1] ?? "";
    const table = tableRows(page.slice(page.indexOf("Recovery")), "environment");
    expect(table.length).toBeGreaterThan(10);
    for (const shown of table) {
      const [environment, fault] = shown;
      const row = rows.find((one) => {
        return one.get("environment") === environment && one.get("fault") === fault;
      });
      const times = ["every queue", "every server", "every worker"].map((part) =>
        cell(row, "/", `${part} median ms`, `${part} maximum ms`),
      );
      expect(shown).toEqual([environment, fault, row?.get("times"), ...times]);
    }
  });

  it("has a file with the columns of the report", () => {
    expect(head).toEqual(recoveryHead(RECOVERY_GOAL_MS));
  });
});

describe("docs/evidence/benchmarks.md", () => {
  const page = readDocument("docs/evidence/benchmarks.md");
  const { head, rows } = readTable("benchmarks-0.1.0.csv");

  /** The median of a figure, as the page shows it. Empty if it was not measured. */
  function median(row: string, system: string, figure: string): string {
    const found = rows.find(
      (one) =>
        one.get("row") === row && one.get("system") === system && one.get("figure") === figure,
    );
    return found === undefined ? "" : Number(found.get("median")).toLocaleString("en");
  }

  it("has rates of its file", () => {
    const systems = ["dlq", "bullmq", "asynq"].flatMap((one) => [
      `${one}:always`,
      `${one}:everysec`,
    ]);
    systems.push("jetstream:always", "jetstream:default");
    const table = tableRows(page.slice(page.indexOf("Messages a second")), "row");
    expect(table.length).toBeGreaterThan(10);
    for (const shown of table) {
      const [row = ""] = shown;
      expect(shown).toEqual([row, ...systems.map((system) => median(row, system, "rate"))]);
    }
  });

  it("has latencies of its file", () => {
    const systems = ["dlq:always", "bullmq:always", "asynq:always"];
    const table = tableRows(page.slice(page.indexOf("From due time to worker")), "row");
    expect(table.length).toBe(3);
    for (const shown of table) {
      const [row = ""] = shown;
      const of = (system: string) =>
        ["p50", "p99"].map((figure) => median(row, system, figure)).join(", ");
      expect(shown).toEqual([row, ...systems.map(of)]);
    }
  });

  it("has a file with the columns of the benchmark", () => {
    expect(head).toEqual(BENCH_HEAD);
  });
});
