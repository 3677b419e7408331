import { compact, markdown } from "../bench/report/table.ts";
import { quantile } from "../support/quantile.ts";
import type { Recovery } from "./team.ts";
import type { Verdict } from "./verdict.ts";

/** How long sends took, of those that began in a span of time. */
export interface Waits {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How many took longer than {@link LONG_MS}. */
  readonly long: number;
}

export const LONG_MS = 100;

export interface TeamReport {
  readonly language: string;
  readonly verdict: Verdict;
  /** Sends that were stored and not answered when the server was killed. */
  readonly unanswered: number;
  /** Answers that were lost while spools were flushed. */
  readonly lostAnswers: number;
  readonly recoveries: readonly Recovery[];
  readonly most: { readonly spoolBytes: number; readonly spoolFiles: number };
  /** After the last start of the server. */
  readonly spoolEmptyAfterMs: number | undefined;
  /** When all earlier sends were processed. */
  readonly processedAfterMs: number;
  readonly before: Waits;
  readonly during: Waits;
}

export function waitsOf(tookMs: readonly number[]): Waits {
  const sorted = [...tookMs].sort((a, b) => a - b);
  return {
    medianMs: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
    long: sorted.filter((ms) => ms > LONG_MS).length,
  };
}

const MIB = 1024 ** 2;

export function table(reports: readonly TeamReport[]): string {
  const rows: readonly (readonly [string, (report: TeamReport) => string | number])[] = [
    ["sends", ({ verdict }) => verdict.sends],
    ["`sent`", ({ verdict }) => verdict.sent],
    ["`joined`", ({ verdict }) => verdict.joined],
    ["`spooled`", ({ verdict }) => verdict.spooled],
    ["`dropped`", ({ verdict }) => verdict.dropped],
    ["sends of killed processes without a result", ({ verdict }) => verdict.unanswered],
    ["of these, in the service", ({ verdict }) => verdict.unansweredStored],
    ["messages processed", ({ verdict }) => verdict.processed],
    ["redeliveries after a lost outcome", ({ verdict }) => verdict.redelivered],
    ["stored and not answered as the server died", ({ unanswered }) => unanswered],
    ["answers lost while the spool was sent", ({ lostAnswers }) => lostAnswers],
    ["orphans' files recovered after", ({ recoveries }) => recoveries.map(recovery).join(", ")],
    [
      "maximum in spool files",
      ({ most }) => `${compact(most.spoolBytes / MIB)} MiB, ${most.spoolFiles} files`,
    ],
    ["spool empty after the service was back", (report) => seconds(report.spoolEmptyAfterMs)],
    ["all messages sent until then processed after", (report) => seconds(report.processedAfterMs)],
    ["a send before the outage: median, p99, maximum", ({ before }) => waits(before)],
    ["a send during the outage", ({ during }) => waits(during)],
    [`of these, more than ${LONG_MS} ms`, ({ during }) => during.long],
  ];
  return markdown(
    ["what", ...reports.map(({ language }) => language)],
    rows.map(([name, value]) => [name, ...reports.map((report) => shown(value(report)))]),
  );
}

const shown = (value: string | number) =>
  typeof value === "number" ? value.toLocaleString("en") : value;

const recovery = ({ tookMs }: Recovery) => (tookMs === undefined ? "never" : seconds(tookMs));

const seconds = (ms: number | undefined) =>
  ms === undefined ? "never" : `${(ms / 1_000).toFixed(1)} s`;

const waits = ({ medianMs, p99Ms, maxMs }: Waits) =>
  `${[medianMs, p99Ms, maxMs].map(compact).join(", ")} ms`;
