import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { REASONS } from "../../src/core/reason.ts";

const own = Object.entries(REASONS);

test("core has the reasons of the contract, with their numbers", () => {
  const contract = Object.entries(Reason).filter(
    ([, value]) => typeof value === "number" && value > 0,
  );
  expect(own).toEqual(contract);
});

test.each([
  ["clients/go/names.go", /Reason_REASON_(\w+)$/gm],
  ["clients/java/src/main/java/io/dlqservice/dlq/Reason.java", /^ {2}([A-Z_]+),?$/gm],
  ["clients/python/src/dlq/_core/names.py", /^ {4}"([A-Z_]+)",$/gm],
])("%s lists all reasons", (file, pattern) => {
  const listed = [...readFileSync(file, "utf8").matchAll(pattern)].map(([, name]) => name);
  expect(listed.filter((name) => name !== "UNSPECIFIED")).toEqual(own.map(([name]) => name));
});
