import type { Reason } from "./reason.ts";
import type {
  BreakerSettings,
  KeySettings,
  OrderingSettings,
  QueueSettings,
  RateSettings,
  RetryBudgetSettings,
} from "./settings.ts";

/** A rate with room for a burst. */
export interface Rate {
  /** Above 0. */
  perSecond: number;
  /** Most at once after a time of rest: at least 1. */
  burst: number;
}

/** When delivery stops by itself, and how it starts again; only reported outcomes move it. */
export interface BreakerRules {
  /** The whole queue, or each key by itself. */
  scope: "queue" | "key";
  /** Time over which outcomes are counted. */
  windowMs: number;
  /** Outcomes within the window below which the ratio says nothing. */
  minimumVolume: number;
  /** Share of failures that opens it: above 0 to 1. */
  failureRatio: number;
  /** Failures in a row that open it, whatever the volume. 0: off. */
  consecutiveFailures: number;
  /** How long it stays open the first time; each further time twice as long, up to the most. */
  openMs: number;
  maxOpenMs: number;
  /** Messages handed out while half-open, all of which must succeed. */
  probes: number;
  /** Their lease, if it is shorter than the stream's. */
  probeLeaseMs: number;
  /** Reasons that count as failures; others count neither way. */
  reasons: readonly Reason[];
}

/** Retries may be at most a share of first deliveries. */
export interface RetryBudget {
  /** Retries allowed for each first delivery. */
  ratio: number;
  /** Always allowed. */
  minPerSecond: number;
}

/** `key`: one message of an ordering key at a time; `hold`: also none behind a quarantined one. */
export type Ordering = "off" | "key" | "hold";

/** What holds deliveries of a queue back, beyond due times; the store enforces it over all nodes. */
export interface DeliveryRules {
  rate: Rate | undefined;
  /** The attribute whose value is a message's key. Empty: no keys. */
  keyAttribute: string;
  keyRate: Rate | undefined;
  /** Most messages in flight of each key. 0: no limit. */
  keyMaxInFlight: number;
  breaker: BreakerRules | undefined;
  retryBudget: RetryBudget | undefined;
  ordering: Ordering;
  /** How long a key waits behind its quarantined message. 0: until somebody decides. */
  orderingHoldMaxAgeMs: number;
}

export const NO_DELIVERY_RULES: DeliveryRules = Object.freeze({
  rate: undefined,
  keyAttribute: "",
  keyRate: undefined,
  keyMaxInFlight: 0,
  breaker: undefined,
  retryBudget: undefined,
  ordering: "off",
  orderingHoldMaxAgeMs: 24 * 3_600_000,
});

const known = new WeakMap<object, DeliveryRules>();

/** What settings say of deliveries; the same object for the same settings. */
export function deliveryRulesOf(settings: DeliverySettings): DeliveryRules {
  let rules = known.get(settings);
  if (rules === undefined) {
    rules = Object.freeze(read(settings));
    known.set(settings, rules);
  }
  return rules;
}

type DeliverySettings = RateSettings &
  KeySettings &
  BreakerSettings &
  RetryBudgetSettings &
  OrderingSettings &
  Pick<QueueSettings, "leaseDurationMs">;

/** A probe holds a place among few: no default lease of it is longer. */
const PROBE_LEASE_MAX_MS = 30_000;

function read(s: DeliverySettings): DeliveryRules {
  const hasKeys = s.keyAttribute !== "";
  return {
    rate: rateOf(s.ratePerSecond, s.rateBurst),
    keyAttribute: s.keyAttribute,
    keyRate: hasKeys ? rateOf(s.keyRatePerSecond, s.keyRateBurst) : undefined,
    keyMaxInFlight: hasKeys ? s.keyMaxInFlight : 0,
    breaker: breakerOf(s),
    retryBudget:
      s.retryBudgetRatio > 0
        ? { ratio: s.retryBudgetRatio, minPerSecond: s.retryBudgetMinPerSecond }
        : undefined,
    ordering: s.ordering,
    orderingHoldMaxAgeMs: s.orderingHoldMaxAgeMs,
  };
}

function rateOf(perSecond: number, burst: number): Rate | undefined {
  if (perSecond <= 0) return undefined;
  return { perSecond, burst: burst > 0 ? burst : Math.max(1, Math.floor(perSecond)) };
}

function breakerOf(s: DeliverySettings): BreakerRules | undefined {
  if (s.breaker === "off" || (s.breaker === "key" && s.keyAttribute === "")) return undefined;
  return {
    scope: s.breaker,
    windowMs: s.breakerWindowMs,
    minimumVolume: s.breakerMinimumVolume,
    failureRatio: s.breakerFailureRatio,
    consecutiveFailures: s.breakerConsecutiveFailures,
    openMs: s.breakerOpenMs,
    maxOpenMs: s.breakerMaxOpenMs,
    probes: s.breakerProbes,
    probeLeaseMs: s.breakerProbeTimeoutMs ?? Math.min(s.leaseDurationMs, PROBE_LEASE_MAX_MS),
    reasons: s.breakerReasons,
  };
}

/** Longest key, in bytes of UTF-8. */
const KEY_BYTES = 128;

/** A key no longer than keys may be, cut between characters. */
export function cutKey(key: string): string {
  // No character of UTF-16 takes more than three bytes.
  if (key.length * 3 <= KEY_BYTES) return key;
  const bytes = new Uint8Array(KEY_BYTES);
  const { read } = new TextEncoder().encodeInto(key, bytes);
  return key.slice(0, read);
}
