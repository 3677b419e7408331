// The figures of a soak and their limits.

import { ANSWERS } from "./redis-figures.ts";
import type { Sample } from "./sample.ts";

export type Unit = "MiB" | "" | "ms";

/** A figure that must stay about the same. */
export interface SteadyFigure {
  readonly rule: "steady";
  readonly name: string;
  readonly unit: Unit;
  /** Allowed growth beyond 10 %, for the noise of small figures. */
  readonly slack: number;
  /** The typical value of several: the median, or the least if garbage collection makes a sawtooth. */
  readonly typical: "median" | "least";
  of(sample: Sample): number | undefined;
}

/** A figure that must never exceed a limit. */
export interface BoundedFigure {
  readonly rule: "bounded";
  readonly name: string;
  readonly unit: Unit;
  readonly bound: number;
  of(sample: Sample): number | undefined;
}

export type Figure = SteadyFigure | BoundedFigure;

const MIB = 2 ** 20;
/** Generations start every 5 minutes and are stored for 20. */
const GENERATIONS_MAX = 5;
const QUEUES = 3;
/** Some keys come and go with the stored messages. */
const SOME_KEYS = 20;
/** Keys of sessions, which are stored for 13 hours. The soak counts the sessions that it opened. */
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
 * A slack of 16 MiB is 8 to 16 bytes for each message of a run, so a leak of any object per message is found.
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

/** Returns all figures. Key families come from the samples, so new ones are judged too. */
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
