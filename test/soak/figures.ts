// What is judged, and by which rule.

import { ANSWERS } from "./redis-figures.ts";
import type { Sample } from "./sample.ts";

export type Unit = "MiB" | "" | "ms";

/** As it was at the start, give or take a little. */
export interface SteadyFigure {
  readonly rule: "steady";
  readonly name: string;
  readonly unit: Unit;
  /** Allowed beyond the 10 %: what is noise in a figure that is small. */
  readonly slack: number;
  /** Which value stands for many: the middle one; or the least, where collections make a saw of it. */
  readonly typical: "median" | "least";
  of(sample: Sample): number | undefined;
}

/** Never above a bound, whatever it was at the start. */
export interface BoundedFigure {
  readonly rule: "bounded";
  readonly name: string;
  readonly unit: Unit;
  readonly bound: number;
  of(sample: Sample): number | undefined;
}

export type Figure = SteadyFigure | BoundedFigure;

const MIB = 2 ** 20;
/** Generations of 5 minutes, kept for 20 from their beginning. */
const GENERATIONS_MAX = 5;
const QUEUES = 3;
/** A handful of keys come and go with what happens to be stored. */
const SOME_KEYS = 20;
/** Of a session, which is kept for 13 hours: the soak knows how many there can be. */
const SESSION_FAMILY = "/session";

const steady = (
  name: string,
  unit: Unit,
  slack: number,
  of: (sample: Sample) => number | undefined,
  typical: SteadyFigure["typical"] = "median",
): SteadyFigure => ({ rule: "steady", name, unit, slack, typical, of });

const bounded = (
  name: string,
  unit: Unit,
  bound: number,
  of: (sample: Sample) => number | undefined,
): BoundedFigure => ({ rule: "bounded", name, unit, bound, of });

/**
 * A slack of 16 MiB is 8 to 16 bytes for each message of a whole run: what keeps something of every
 * message is found.
 */
const FIXED: readonly Figure[] = [
  steady("server RSS", "MiB", 16, ({ server }) => server.rssBytes / MIB),
  steady("server heap", "MiB", 16, ({ server }) => server.heapBytes / MIB, "least"),
  steady("server external", "MiB", 8, ({ server }) => server.externalBytes / MIB, "least"),
  steady("server handles", "", 5, ({ server }) => server.handles),
  steady("messages stored", "", 500, ({ stored }) => stored),
  steady("Redis data, no answers", "MiB", 2, ({ redis }) => redis.dataBytes / MIB),
  steady("Redis overhead", "MiB", 4, ({ redis }) => redis.overheadBytes / MIB),
  steady("Redis clients", "", 2, ({ redis }) => redis.clients),
  steady("lateness p50", "ms", 5, ({ latenessMs }) => latenessMs?.p50),
  steady("lateness p99", "ms", 50, ({ latenessMs }) => latenessMs?.p99),
  bounded("keys answers", "", GENERATIONS_MAX * QUEUES, ({ redis }) => redis.keys[ANSWERS] ?? 0),
  bounded(
    "sessions beyond those opened",
    "",
    0,
    (sample) => (sample.redis.keys[SESSION_FAMILY] ?? 0) - sample.sessions,
  ),
];

/** Families are those that were seen: one that nobody has thought of is judged, too. */
export function figuresFor(samples: readonly Sample[]): Figure[] {
  const families = new Set(samples.flatMap(({ redis }) => Object.keys(redis.keys)));
  families.delete(ANSWERS);
  families.delete(SESSION_FAMILY);
  const ofFamilies = [...families]
    .sort()
    .map((family) =>
      steady(`keys ${family}`, "", SOME_KEYS, ({ redis }) => redis.keys[family] ?? 0),
    );
  return [...FIXED, ...ofFamilies];
}
