import type { FaultOutcome } from "../inject.ts";

/** What must work again after a fault, each with its own time. */
export const PARTS: readonly {
  readonly name: string;
  readonly msOf: (outcome: FaultOutcome) => number;
  /** A worker may wait for its turn while others take all that is due. */
  readonly isJudged: boolean;
}[] = [
  { name: "every queue", msOf: ({ queuesMs }) => queuesMs, isJudged: true },
  { name: "every server", msOf: ({ serversMs }) => serversMs, isJudged: true },
  { name: "every worker", msOf: ({ workersMs }) => workersMs, isJudged: false },
];

const PAIRS = "two at a time";

/** In the order of their names; pairs together, at the end. */
export function byKind(
  faults: readonly FaultOutcome[],
): ReadonlyMap<string, readonly FaultOutcome[]> {
  const groups = Map.groupBy(faults, ({ kinds: [first = "", second] }) =>
    second === undefined ? first : PAIRS,
  );
  const place = (kind: string) => (kind === PAIRS ? "~" : kind);
  return new Map([...groups].sort(([a], [b]) => (place(a) < place(b) ? -1 : 1)));
}

/** One row a kind, and every fault beside that took longer than the goal, slowest first. */
export function recoveryOf(faults: readonly FaultOutcome[], goalMs: number): string {
  const goal = `${goalMs / 1_000} s`;
  const rows = [...byKind(faults)].map(([kind, some]) => {
    const cells = PARTS.map(({ msOf }) => {
      const times = some.map(msOf);
      return `${Math.round(median(times))} / ${Math.round(Math.max(...times))}`;
    });
    const late = some.filter((one) => PARTS.some(({ msOf }) => msOf(one) > goalMs)).length;
    return `| ${kind} | ${some.length} | ${cells.join(" | ")} | ${late} |`;
  });
  const late = faults
    .flatMap((one) =>
      PARTS.filter(({ msOf }) => msOf(one) > goalMs).map(({ name, msOf }) => ({
        ms: msOf(one),
        words: `\`${one.kinds.join("+")}\` ${name} ${(msOf(one) / 1_000).toFixed(1)} s`,
      })),
    )
    .sort((a, b) => b.ms - a.ms)
    .map(({ words }) => words);
  return [
    "From the end of the cause until all works again, median / most in ms:",
    "",
    `| fault | times | ${PARTS.map(({ name }) => name).join(" | ")} | over ${goal} |`,
    `|---|---|${PARTS.map(() => "---|").join("")}---|`,
    ...rows,
    "",
    late.length === 0 ? `None took longer than ${goal}.` : `Over ${goal}: ${late.join("; ")}.`,
  ].join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((below ?? 0) + (above ?? 0)) / 2;
}
