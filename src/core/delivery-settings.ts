import type { Reason } from "./reason.ts";
import type {
  BreakerSettings,
  KeySettings,
  OrderingSettings,
  QueueSettings,
  RateSettings,
  RetryBudgetSettings,
} from "./settings.ts";
import { DAY_MS } from "./time-units.ts";

/** A rate with a burst. */
export interface Rate {
  /** Above 0. */
  perSecond: number;
  /** The largest burst: at least 1. */
  burst: number;
}

/** When failures stop delivery, and how it starts again. Only reported outcomes count. */
export interface BreakerLimits {
  /** One breaker for the queue, or one for each limiter key. */
  scope: "queue" | "key";
  /** Time over which outcomes are counted. */
  windowMs: number;
  /** Below this number of outcomes in the window the ratio is ignored. */
  minimumVolume: number;
  /** The share of failures that opens the breaker: above 0, at most 1. */
  failureRatio: number;
  /** The number of failures in a row that opens the breaker. 0: off. */
  consecutiveFailures: number;
  /** How long it stays open the first time. Doubles each time, up to `maxOpenMs`. */
  openMs: number;
  maxOpenMs: number;
  /** Messages delivered while half-open. All must succeed before the breaker closes. */
  probes: number;
  /** Lease of a probe, if it is shorter than the stream's. */
  probeLeaseMs: number;
  /** Reasons that count as failures. Others count as neither success nor failure. */
  reasons: readonly Reason[];
}

/** Limits retries to a share of first deliveries. */
export interface RetryBudget {
  /** Retries allowed for each first delivery. */
  ratio: number;
  /** Always allowed. */
  minPerSecond: number;
}

/** `key`: one message of an ordering key at a time. `hold`: also none after a quarantined one. */
export type Ordering = "off" | "key" | "hold";

/**
 * The limits on deliveries of a queue, beyond due times. The store enforces them over all servers.
 */
export interface DeliverySettings {
  rate: Rate | undefined;
  /** The attribute whose value is the limiter key. Empty: no keys. */
  keyAttribute: string;
  keyRate: Rate | undefined;
  /** The most messages in flight for each key. 0: no limit. */
  keyMaxInFlight: number;
  breaker: BreakerLimits | undefined;
  retryBudget: RetryBudget | undefined;
  ordering: Ordering;
  /** The longest time that a key is held by a quarantined message. 0: until an operator acts. */
  orderingHoldMaxAgeMs: number;
}

export const NO_DELIVERY_SETTINGS: DeliverySettings = Object.freeze({
  rate: undefined,
  keyAttribute: "",
  keyRate: undefined,
  keyMaxInFlight: 0,
  breaker: undefined,
  retryBudget: undefined,
  ordering: "off",
  orderingHoldMaxAgeMs: DAY_MS,
});

const cache = new WeakMap<object, DeliverySettings>();

/** Returns the delivery limits of settings; the same object for the same settings. */
export function deliverySettingsOf(settings: QueueDeliverySettings): DeliverySettings {
  let deliverySettings = cache.get(settings);
  if (deliverySettings === undefined) {
    deliverySettings = Object.freeze(read(settings));
    cache.set(settings, deliverySettings);
  }
  return deliverySettings;
}

type QueueDeliverySettings = RateSettings &
  KeySettings &
  BreakerSettings &
  RetryBudgetSettings &
  OrderingSettings &
  Pick<QueueSettings, "leaseDurationMs">;

/** The longest default lease of a probe. Probes are few, so a lost one delays the rest. */
const PROBE_LEASE_MAX_MS = 30_000;

function read(s: QueueDeliverySettings): DeliverySettings {
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

function breakerOf(s: QueueDeliverySettings): BreakerLimits | undefined {
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

/** The longest key, in UTF-8 bytes. */
const KEY_BYTES = 128;

/** Cuts a key to the longest length, between characters. */
export function cutKey(key: string): string {
  // A UTF-16 unit has at most three bytes.
  if (key.length * 3 <= KEY_BYTES) return key;
  const bytes = new Uint8Array(KEY_BYTES);
  const { read } = new TextEncoder().encodeInto(key, bytes);
  return key.slice(0, read);
}

export function valueIn(attributes: Readonly<Record<string, string>>) {
  return (name: string) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined);
}

/** The limiter key of a message; empty if the queue has no limits by key. */
export function limiterKeyOf(
  attribute: (name: string) => string | undefined,
  { keyAttribute }: Pick<QueueSettings, "keyAttribute">,
): string {
  return keyAttribute === "" ? "" : cutKey(attribute(keyAttribute) ?? "");
}

/** The ordering key of a message; empty if the queue keeps no order. */
export function orderingKeyOf(
  orderingKey: string,
  { ordering }: Pick<QueueSettings, "ordering">,
): string {
  return ordering === "off" ? "" : orderingKey;
}
