// How values are read and shown, without a server.

import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { clockDifferenceMs } from "../../../clients/cli/src/doctor/clock.ts";
import { escaped, escapedJson, escapedLines } from "../../../clients/cli/src/output/escape.ts";
import { failureText } from "../../../clients/cli/src/output/failure.ts";
import { groupFailure } from "../../../clients/cli/src/output/group-lines.ts";
import { bytesText, countText, rateText } from "../../../clients/cli/src/output/numbers.ts";
import { styleFor } from "../../../clients/cli/src/output/style.ts";
import { factLines, tableLines } from "../../../clients/cli/src/output/table.ts";
import { durationText } from "../../../clients/cli/src/output/times.ts";
import { cutTo, padTo, widthOf } from "../../../clients/cli/src/output/width.ts";
import { parseDuration } from "../../../clients/cli/src/values/duration.ts";
import { type FilterOptions, filterOf } from "../../../clients/cli/src/values/filter.ts";
import { matches } from "../../../clients/cli/src/values/pattern.ts";
import { LastLines } from "../../../clients/cli/src/worker/last-lines.ts";
import { FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { GroupSchema } from "../../../gen/dlq/v1/group_pb.ts";
import { compileFilter } from "../../../src/rules/filter.ts";

const PLAIN = styleFor({ write: () => {} }, {});

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
    ["0", 0],
  ])("%s is read", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "5", "1 h", "h", "-1h", "1y", "1h x"])("%j is refused", (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" is no duration`);
  });

  it.each([
    [0, "0s"],
    [0.4, "1ms"],
    [999, "999ms"],
    [12_300, "12s"],
    [90_000, "1m30s"],
    [3_600_000, "1h"],
    [36_000_000, "10h"],
    [90_000_000, "1d1h"],
    [-5_000, "-5s"],
  ])("%d ms is shown as %s", (ms, text) => expect(durationText(ms)).toBe(text));
});

it("numbers are short", () => {
  expect([
    countText(1_204n),
    rateText(0),
    rateText(0.056),
    rateText(12.34),
    rateText(1_234),
  ]).toEqual([...["1,204", "0", "0.06", "12.3", "1,234"]]);
  expect([bytesText(12), bytesText(1_536), bytesText(52_428_800n)]).toEqual([
    ...["12 B", "1.5 KiB", "50 MiB"],
  ]);
});

describe("filters", () => {
  it.each<[FilterOptions, string]>([
    [{}, ""],
    [{ state: ["in-flight"] }, 'state == "IN_FLIGHT"'],
    [
      { state: ["QUARANTINED"], since: "1h" },
      'state == "QUARANTINED" && state_time > now - duration("3600s")',
    ],
    [
      { reason: ["timeout", "REASON_NETWORK_ERROR"], before: "10m" },
      'failure.reason in ["TIMEOUT", "NETWORK_ERROR"] && state_time < now - duration("600s")',
    ],
    [
      { text: 'a "quote" \\', type: "X" },
      '(failure.type == "X" || failure.type.endsWith(".X") || failure.type.endsWith("::X")) && payload.contains("a \\"quote\\" \\\\")',
    ],
    [{ filter: "a || b" }, "a || b"],
    [{ filter: "a || b", quarantineReason: ["rule"] }, 'quarantine_reason == "RULE" && (a || b)'],
    [{ filter: "a ? b : c", state: ["scheduled"] }, 'state == "SCHEDULED" && (a ? b : c)'],
  ])("%j", (options, expression) => expect(filterOf(options)).toBe(expression));

  it("let the store leave out what has other values", () => {
    const options = {
      ...{ state: ["scheduled", "quarantined"], reason: ["timeout", "network_error"] },
      ...{
        quarantineReason: ["rule", "poison"],
        group: "01f3a8c2d4e5b697",
        filter: "attempts > 3",
      },
    };
    expect(compileFilter(filterOf(options)).narrowing).toEqual({
      states: ["SCHEDULED", "QUARANTINED"],
      reasons: ["TIMEOUT", "NETWORK_ERROR"],
      quarantineReasons: ["RULE", "POISON"],
      groupIds: ["01f3a8c2d4e5b697"],
    });
  });
});

describe("types of failures are shown by their last part", () => {
  it.each([
    ["requests.exceptions.Timeout", "Timeout"],
    ["*net.OpError", "OpError"],
    ["app::db::Error", "Error"],
    ["com.acme.$Proxy12", "$Proxy12"],
    ["requests.HTTPError [HTTP 502]", "HTTPError [HTTP 502]"],
    ["*url.Error [gRPC 14.UNAVAILABLE]", "Error [gRPC 14.UNAVAILABLE]"],
    ["TypeError", "TypeError"],
    ["", ""],
  ])("%s", (type, shown) => {
    expect(failureText(create(FailureSchema, { type }))).toBe(shown);
    expect(groupFailure(create(GroupSchema, { failureType: type }))).toBe(shown);
  });
});

it("patterns match whole names", () => {
  expect(matches(["orders-*"], "orders-eu")).toBe(true);
  expect(matches(["orders-*"], "my-orders-eu")).toBe(false);
  expect(matches(["a.b"], "axb")).toBe(false);
  expect(matches(["x", "*"], "anything")).toBe(true);
});

describe("unsafe characters", () => {
  it("are visible, and break no line", () => {
    expect(escaped("a\u001b[1m\n\t\u202e\u009b\u{e0041}")).toBe(
      "a\\x1b[1m\\n\\t\\u202e\\x9b\\udb40\\udc41",
    );
    expect(escaped("\ud800")).toBe("\\ud800");
  });

  it("of several lines keep their lines", () => {
    expect(escapedLines("a\r\n\tb\u0007")).toBe("a\n\tb\\x07");
  });

  it("of JSON keep their values", () => {
    const value = { a: "\u202e\u009b\u001b\n\u{e0041}" };
    const json = escapedJson(JSON.stringify(value, undefined, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[\n\x20-\x7e]*$/);
  });
});

describe("widths", () => {
  it("count what a terminal shows", () => {
    expect([widthOf("abc"), widthOf("日本"), widthOf("é"), widthOf("👍🏽")]).toEqual([3, 4, 1, 2]);
    expect(cutTo("日本語", 5)).toBe("日本…");
    expect(cutTo("日本語", 4)).toBe("日…");
    expect(cutTo("abc", 3)).toBe("abc");
    expect(cutTo("abc", 0)).toBe("");
    expect(padTo("日", 4, "right")).toBe("  日");
  });

  const columns = [
    { title: "ID", text: (row: string[]) => row[0] ?? "" },
    { title: "N", text: (row: string[]) => row[1] ?? "", align: "right" as const },
    { title: "MORE", text: (row: string[]) => row[2] ?? "", least: 4, from: 12 },
  ];
  const rows = [
    ["id-1", "5", "something long"],
    ["id-22", "12", ""],
  ];

  it("a table that is no terminal is not cut", () => {
    expect(tableLines(columns, rows, PLAIN, undefined)).toEqual([
      ...["ID      N  MORE", "id-1    5  something long", "id-22  12"],
    ]);
  });

  it("the columns that may be cut are cut, then the line", () => {
    expect(tableLines(columns, rows, PLAIN, 17)[1]).toBe("id-1    5  somet…");
    expect(tableLines(columns, rows, PLAIN, 12)[1]).toBe("id-1    5  …");
    expect(tableLines(columns, rows, PLAIN, 10)).toEqual(["ID      N", "id-1    5", "id-22  12"]);
  });

  it("some columns are cut before others", () => {
    const three = [
      { title: "A", text: () => "a".repeat(12), least: 4 },
      { title: "B", text: () => "b".repeat(10), least: 4, isCutFirst: true },
    ];
    expect(tableLines(three, [0], PLAIN, 20)[1]).toBe("aaaaaaaaaaaa  bbbbb…");
    expect(tableLines(three, [0], PLAIN, 14)[1]).toBe("aaaaaaa…  bbb…");
  });

  it("facts without a value are left out, and long ones are broken", () => {
    const facts = [
      ["state", "one two three four five six"],
      ["none", ""],
      ["size", "1"],
    ] as const;
    expect(factLines(facts, PLAIN, 28)).toEqual([
      ...["state  one two three four", "       five six", "size   1"],
    ]);
  });
});

it("the end of a text has its last lines", () => {
  const last = new LastLines(10, 2);
  for (const chunk of ["first\nsec", "ond\nthi", "rd\n\n"]) last.add(chunk);
  expect(last.lines).toBe("nd\nthird");
});

it("clocks differ by what the call does not explain", () => {
  expect(clockDifferenceMs(150, 100, 200)).toBe(0);
  expect(clockDifferenceMs(50, 100, 200)).toBe(-50);
  expect(clockDifferenceMs(260, 100, 200)).toBe(60);
});
