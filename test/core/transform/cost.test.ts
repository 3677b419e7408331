// What one transform costs on a message of 1 MiB, whatever its payload looks like.

import { expect, test } from "vitest";
import { parseJson } from "../../../src/core/transform/json.ts";
import { applyTransforms } from "../../../src/core/transform/transform.ts";
import { cpuCostMs } from "../../support/cpu-cost.ts";
import { CONTEXT } from "./context.ts";

const MIB = 1024 * 1024;
const filled = (item: string): string => `[${`${item},`.repeat(MIB / (item.length + 1) - 10)}1]`;

test("a number is spelled out once for all operations that compare it", () => {
  const zeros = MIB - 100;
  const tests = Array.from({ length: 255 }, () => `{"op":"test","path":"/0","value":1e${zeros}}`);
  const patch = `[${tests.join(",")}]`;
  const message = { payload: `[1${"0".repeat(zeros)}]`, attributes: {} };
  const apply = () =>
    applyTransforms([{ target: "PAYLOAD", kind: "JSON_PATCH", patch }], message, CONTEXT);
  expect(apply()).toMatchObject({ ok: true });
  expect(cpuCostMs(apply)).toBeLessThan(100);
});

test.each([
  ["a space", ` ${filled("1")}`],
  ["a space and empty objects", ` ${filled("{}")}`],
  ["a space and names", ` {${Array.from({ length: 30_000 }, (_, n) => `"name number ${n}":""`)}}`],
  ["short decimals", filled("1.5")],
  ["quotes and digits in texts", filled('"\\"-1.0"')],
])("parsing 1 MiB with %s is cheap", (_, text) => {
  expect(cpuCostMs(() => parseJson(text, "the payload"))).toBeLessThan(200);
});

test("numbers whose spelling is kept cost a fraction of a reviver", () => {
  const text = filled("1.0");
  const revived = cpuCostMs(() => JSON.parse(text, (_key, value) => value));
  expect(cpuCostMs(() => parseJson(text, "the payload"))).toBeLessThan(revived);
});
