import { describe, expect, test } from "vitest";
import { failuresOf, fingerprint, type Pair, pairsOf } from "./pairs.ts";

describe.each(["first", "fresh"] as const)("the set %s", (set) => {
  const pairs = pairsOf(set);
  const prints = new Map(
    [...failuresOf(set)].map(([id, failure]) => {
      const { text, parts } = fingerprint(failure);
      return [id, { text, parts: JSON.stringify(parts) }];
    }),
  );

  const isRight = ({ a, b, alike }: Pair): boolean =>
    (prints.get(a)?.text === prints.get(b)?.text) === alike;

  const describeWrong = ({ a, b, alike }: Pair): string =>
    [
      alike ? "alike:" : "not alike:",
      ...[a, b].map((id) => `  ${id}: ${prints.get(id)?.parts}`),
    ].join("\n");

  test("has all its failures, of five languages, and both kinds of pairs", () => {
    const ids = pairs.flatMap(({ a, b }) => [a, b]);
    expect(ids.filter((id) => !prints.has(id))).toEqual([]);
    expect(new Set(ids.map((id) => id.split("/")[0])).size).toBe(5);
    const alike = pairs.filter((pair) => pair.alike).length;
    expect(Math.min(alike, pairs.length - alike)).toBeGreaterThan(pairs.length * 0.4);
  });

  test("95 % of its pairs are right", () => {
    const wrong = pairs.filter((pair) => !isRight(pair));
    if (wrong.length > 0) {
      const texts = wrong.map(describeWrong).join("\n");
      console.info(`${wrong.length} of ${pairs.length} pairs are wrong:\n${texts}`);
    }
    expect(1 - wrong.length / pairs.length).toBeGreaterThanOrEqual(0.95);
  });
});
