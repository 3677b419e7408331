import type { Reason } from "../../../src/core/reason.ts";

/** What may hold deliveries back. What is not named is as in BREAKER, for every run. */
export interface Limiters {
  /** Whether messages have a key at all; else nothing goes by it. */
  keyed: boolean;
  /** 0: no limit. */
  keyMaxInFlight: number;
  keyRate: Rate | undefined;
  rate: Rate | undefined;
  budget: { ratio: number; minPerSecond: number } | undefined;
  breaker: "off" | "queue" | "key";
  ordering: "off" | "key" | "hold";
  /** 0: a key waits until its message is retried or released. */
  holdMs: number;
  paused: boolean;
}

export interface Rate {
  perSecond: number;
  burst: number;
}

export const BREAKER = {
  windowMs: 10_000,
  minimumVolume: 2,
  failureRatio: 0.5,
  openMs: 2_000,
  maxOpenMs: 10_000,
  probes: 2,
  probeLeaseMs: 5_000,
  reasons: ["TIMEOUT", "UNKNOWN_ERROR"] as readonly Reason[],
};

export const NO_LIMITERS: Limiters = {
  keyed: false,
  keyMaxInFlight: 0,
  keyRate: undefined,
  rate: undefined,
  budget: undefined,
  breaker: "off",
  ordering: "off",
  holdMs: 0,
  paused: false,
};

/** What is by key says nothing where there are no keys. */
export function inForce(asked: Limiters): Limiters {
  if (asked.keyed) return asked;
  const breaker = asked.breaker === "key" ? "off" : asked.breaker;
  return { ...asked, keyMaxInFlight: 0, keyRate: undefined, breaker };
}

/** Tokens that come with time, up to a burst; a new one is full. */
export class Bucket {
  #tokens = Number.POSITIVE_INFINITY;
  #atMs = 0;

  tokens({ perSecond, burst }: Rate, nowMs: number): number {
    return Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000);
  }

  add(rate: Rate, nowMs: number, tokens: number): void {
    // Nothing is ever owed.
    this.#tokens = Math.max(0, Math.min(rate.burst, this.tokens(rate, nowMs) + tokens));
    this.#atMs = nowMs;
  }

  /** When it has a whole token, at the latest. */
  readyAtMs(rate: Rate, nowMs: number): number {
    const tokens = this.tokens(rate, nowMs);
    if (tokens >= 1 + ROUNDING) return nowMs;
    return nowMs + Math.max(LEAST_WAIT_MS, Math.ceil(((1 - tokens) * 1_000) / rate.perSecond)) + 1;
  }

  isEmpty(rate: Rate, nowMs: number): boolean {
    return this.tokens(rate, nowMs) < 1 - ROUNDING;
  }
}

/** Of a sum of fractions. */
const ROUNDING = 1e-6;
/** The shortest time between two looks. */
const LEAST_WAIT_MS = 5;

/** Retries for each first delivery, and some in any case: ten, or what ten seconds or a hundred first ones give. */
export function budgetRate({ ratio, minPerSecond }: NonNullable<Limiters["budget"]>): Rate {
  return { perSecond: minPerSecond, burst: Math.max(10, 10 * minPerSecond, 100 * ratio) };
}
