import { describe, expect, test } from "vitest";
import type { Fingerprint } from "../../src/core/fingerprint/fingerprint.ts";
import { failures, fingerprint, type Pair, pairs } from "./pairs.ts";

const prints = new Map<string, Fingerprint>();
for (const [id, failure] of failures()) prints.set(id, fingerprint(failure));

const digestOf = (id: string) => Buffer.from(prints.get(id)?.digest ?? []).toString("hex");
const textOf = (id: string) => `  ${id}: ${JSON.stringify(prints.get(id)?.parts)}`;

const isRight = ({ a, b, alike }: Pair) => (digestOf(a) === digestOf(b)) === alike;

function describeWrong(wrong: readonly Pair[]): string {
  const lines = wrong.map(
    ({ a, b, alike }) => `${alike ? "alike" : "not alike"}:\n${textOf(a)}\n${textOf(b)}`,
  );
  return lines.join("\n");
}

describe.each(["tuning", "untouched"] as const)("the half %s", (half) => {
  const ofHalf = pairs().filter((pair) => pair.half === half);

  test("has all its failures, and both kinds of pairs", () => {
    const ids = ofHalf.flatMap(({ a, b }) => [a, b]);
    expect(ids.filter((id) => !prints.has(id))).toEqual([]);
    const alike = ofHalf.filter((pair) => pair.alike).length;
    expect(Math.min(alike, ofHalf.length - alike)).toBeGreaterThan(ofHalf.length * 0.4);
  });

  test("95 % of its pairs are right", () => {
    const wrong = ofHalf.filter((pair) => !isRight(pair));
    if (wrong.length > 0) {
      console.info(`${wrong.length} of ${ofHalf.length} are wrong:\n${describeWrong(wrong)}`);
    }
    expect(1 - wrong.length / ofHalf.length).toBeGreaterThanOrEqual(0.95);
  });
});
