import { describe, expect, it } from "vitest";
import { seededRandom } from "../support/random.ts";
import { EMBEDDED, EXTERNAL } from "./kinds/catalog.ts";
import { INDEPENDENT, mayMeet } from "./pairs.ts";
import { atRandom, eachOnce, type PlannedFault } from "./plan.ts";
import type { Environment } from "./rig/environment.ts";

const { kinds } = EXTERNAL;
const fixed = new Map([["long-outage", 20]]);
const once = { fixed: new Map([["long-outage", 1]]), pairs: 5 };

function namesOf<W extends Environment>(plan: readonly PlannedFault<W>[]): string[][] {
  return plan.map((faults) => faults.map(({ kind }) => kind.name));
}

describe("the short form", () => {
  it("has each kind once, plus the given number of pairs", () => {
    const names = namesOf(eachOnce(kinds, seededRandom(7), once));
    expect(new Set(names.flat())).toEqual(new Set(kinds.map(({ name }) => name)));
    const singles = names.filter(([, second]) => second === undefined).flat();
    const free = kinds.filter(({ name }) => name !== "long-outage");
    expect(singles).toEqual(expect.arrayContaining(free.map(({ name }) => name)));
    const pairs = names.filter(
      ([first, second]) => first !== "long-outage" && second !== undefined,
    );
    expect(pairs).toHaveLength(5);
  });

  it("is the same for the same seed, including its offsets", () => {
    const plan = eachOnce(kinds, seededRandom(7), once);
    expect(plan).toEqual(eachOnce(kinds, seededRandom(7), once));
    expect(plan).not.toEqual(eachOnce(kinds, seededRandom(8), once));
  });

  it("has no pair if only one kind is selected", () => {
    expect(eachOnce(kinds.slice(0, 1), seededRandom(7), once)).toHaveLength(1);
  });
});

describe("the long form", () => {
  const plan = atRandom(kinds, 130, seededRandom(7), { fixed });
  const pairs = plan.filter(({ length }) => length === 2);

  it("has the given number of faults, and fixed kinds as often as given", () => {
    const names = namesOf(plan).flat();
    expect(names).toHaveLength(130);
    expect(names.filter((name) => name === "long-outage")).toHaveLength(20);
  });

  it("has many pairs of kinds that may meet, also with long outages", () => {
    expect(pairs.length).toBeGreaterThan(20);
    for (const [first, second] of pairs) {
      expect(second !== undefined && mayMeet(first.kind, second.kind)).toBe(true);
    }
    expect(namesOf(pairs).filter(([first]) => first === "long-outage").length).toBeGreaterThan(2);
  });

  it("starts the second of a pair up to 2 s after the first, and not always at once", () => {
    const after = pairs.map(([, second]) => second?.afterMs ?? -1);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...after)).toBeLessThanOrEqual(2_000);
    expect(new Set(after).size).toBeGreaterThan(10);
  });
});

describe("faults that meet", () => {
  const kindOf = (name: string) => {
    const found = kinds.find((kind) => kind.name === name);
    if (found === undefined) throw new Error(`unknown kind ${name}`);
    return found;
  };

  it.each([
    ["kill-redis", "redis-full", true],
    ["cut-answers", "half-open-client-links", true],
    ["long-outage", "connection-resets", true],
    ["kill-server", "rolling-restart", false],
    ["slow-store-link", "parted-from-store", false],
    ["kill-worker", "kill-worker", false],
  ])("%s and %s: %s", (a, b, may) => {
    expect(mayMeet(kindOf(a), kindOf(b))).toBe(may);
    expect(mayMeet(kindOf(b), kindOf(a))).toBe(may);
  });

  it("are in the catalog", () => {
    const names = [EXTERNAL.kinds, EMBEDDED.kinds].flatMap((some) => some.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(INDEPENDENT.flat(2)));
  });
});
