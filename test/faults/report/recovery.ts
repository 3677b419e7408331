import type { FaultOutcome } from "../inject.ts";

/** The parts that must recover after a fault. */
export const PARTS: readonly {
  readonly name: string;
  readonly msOf: (outcome: FaultOutcome) => number;
  /** False for workers: other workers may take all due messages first. */
  readonly isJudged: boolean;
}[] = [
  { name: "every queue", msOf: ({ queuesMs }) => queuesMs, isJudged: true },
  { name: "every server", msOf: ({ serversMs }) => serversMs, isJudged: true },
  { name: "every worker", msOf: ({ workersMs }) => workersMs, isJudged: false },
];

const PAIRS = "two at a time";

/** Groups faults by kind, sorted by name, with all pairs at the end. */
export function byKind(
  faults: readonly FaultOutcome[],
): ReadonlyMap<string, readonly FaultOutcome[]> {
  const groups = Map.groupBy(faults, ({ kinds: [first = "", second] }) =>
    second === undefined ? first : PAIRS,
  );
  const place = (kind: string) => (kind === PAIRS ? "~" : kind);
  return new Map([...groups].sort(([a], [b]) => (place(a) < place(b) ? -1 : 1)));
}

/** Returns one row for each kind, and each fault that took longer than the goal, slowest first. */
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
    "Recovery time from the end of the cause, median / maximum in ms:",
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
