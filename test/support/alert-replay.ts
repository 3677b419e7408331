// Plays real answers of /metrics to the alert rules, as Prometheus would have scraped them each minute.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { promtool } from "./promtool.ts";

/** An answer of /metrics; undefined: the server gave none. */
export type Scrape = string | undefined;

/** A rule of a rule file. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}

export interface Replay {
  readonly rule: AlertRule;
  /** The last scrape before the situation. It repeats for BEFORE_MINUTES. */
  readonly before: Scrape;
  /** Scrapes in the situation, one a minute. */
  readonly during: readonly Scrape[];
  /** How many more minutes the last scrape repeats. */
  readonly holdMinutes: number;
}

const BEFORE_MINUTES = 20;
const TARGET = 'instance="a",job="dlq"';

/** Whether the alert fires in the situation. Throws if it fires before. */
export function firesIn({ rule, before, during, holdMinutes }: Replay): boolean {
  const scrapes = [
    ...Array.from({ length: BEFORE_MINUTES }, () => before),
    ...during,
    ...Array.from({ length: holdMinutes }, () => during.at(-1)),
  ];
  const { alert, expr } = rule;
  const rules = stringify({ groups: [{ name: "dlq", rules: [rule] }] });
  const firing = `ALERTS{alertname="${alert}",alertstate="firing"}`;
  const none = { expr: firing, eval_time: `${BEFORE_MINUTES - 1}m`, exp_samples: [] };
  const some = {
    expr: `count(count_over_time(${firing}[${scrapes.length}m])) > bool 0`,
    eval_time: `${scrapes.length - 1}m`,
    exp_samples: [{ labels: "{}", value: 1 }],
  };
  const input = seriesOf(scrapes).filter(({ series }) => expr.includes(series.split("{")[0] ?? ""));
  if (run(rules, input, [none, some]).ok) return true;
  const early = run(rules, input, [none]);
  if (!early.ok) throw new Error(`${alert} fires before its situation:\n${early.output}`);
  return false;
}

function run(rules: string, input: readonly object[], expectations: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), "dlq-alerts-"));
  try {
    const tests = {
      rule_files: ["rules.yaml"],
      evaluation_interval: "1m",
      tests: [{ interval: "1m", input_series: input, promql_expr_test: expectations }],
    };
    writeFileSync(join(folder, "rules.yaml"), rules);
    writeFileSync(join(folder, "test.yaml"), stringify(tests));
    return promtool(["test", "rules", join(folder, "test.yaml")]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A series that is absent from a scrape is stale from then on, as in Prometheus. */
function seriesOf(scrapes: readonly Scrape[]): { series: string; values: string }[] {
  const samples = scrapes.map((scrape) => samplesOf(scrape));
  const names = new Set(samples.flatMap((one) => [...one.keys()]));
  return [...names].map((series) => {
    const values = samples.map((one, at) => {
      const wasThere = at > 0 && samples[at - 1]?.has(series) === true;
      return one.get(series) ?? (wasThere ? "stale" : "_");
    });
    return { series, values: values.join(" ") };
  });
}

const parsed = new Map<Scrape, ReadonlyMap<string, string>>();

/** Our own samples, with the labels of a target, and `up`. */
function samplesOf(scrape: Scrape): ReadonlyMap<string, string> {
  const known = parsed.get(scrape);
  if (known !== undefined) return known;
  const samples = new Map([[`up{${TARGET}}`, scrape === undefined ? "0" : "1"]]);
  for (const line of (scrape ?? "").split("\n")) {
    const { name, labels, value } =
      /^(?<name>dlq_\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) continue;
    samples.set(`${name}{${labels === undefined ? "" : `${labels},`}${TARGET}}`, value);
  }
  parsed.set(scrape, samples);
  return samples;
}
