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

/** How often a kind of fault was injected, and how long each part took to recover. */
interface KindRecovery {
  readonly kind: string;
  readonly times: number;
  readonly parts: readonly { readonly medianMs: number; readonly maximumMs: number }[];
  /** Faults after which a part took longer than the goal. */
  readonly late: number;
}

function recoveries(faults: readonly FaultOutcome[], goalMs: number): readonly KindRecovery[] {
  return [...byKind(faults)].map(([kind, some]) => ({
    kind,
    times: some.length,
    parts: PARTS.map(({ msOf }) => {
      const tookMs = some.map(msOf);
      return {
        medianMs: Math.round(median(tookMs)),
        maximumMs: Math.round(Math.max(...tookMs)),
      };
    }),
    late: some.filter((one) => PARTS.some(({ msOf }) => msOf(one) > goalMs)).length,
  }));
}

/** The columns of {@link recoveryRows}. */
export function recoveryHead(goalMs: number): readonly string[] {
  const parts = PARTS.flatMap(({ name }) => [`${name} median ms`, `${name} maximum ms`]);
  return ["environment", "fault", "times", ...parts, `over ${goalMs / 1_000} s`];
}

/** Returns one row for each kind in an environment, for a CSV file. */
export function recoveryRows(
  environment: string,
  faults: readonly FaultOutcome[],
  goalMs: number,
): readonly (readonly (string | number)[])[] {
  return recoveries(faults, goalMs).map(({ kind, times, parts, late }) => {
    const tookMs = parts.flatMap(({ medianMs, maximumMs }) => [medianMs, maximumMs]);
    return [environment, kind, times, ...tookMs, late];
  });
}

/** Returns one row for each kind, and each fault that took longer than the goal, slowest first. */
export function recoveryOf(faults: readonly FaultOutcome[], goalMs: number): string {
  const goal = `${goalMs / 1_000} s`;
  const rows = recoveries(faults, goalMs).map(({ kind, times, parts, late }) => {
    const cells = parts.map(({ medianMs, maximumMs }) => `${medianMs} / ${maximumMs}`);
    return `| ${kind} | ${times} | ${cells.join(" | ")} | ${late} |`;
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
