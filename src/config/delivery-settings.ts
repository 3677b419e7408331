import { REASON_NAMES } from "../core/reason.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS } from "../core/settings.ts";
import { HOUR_MS } from "../core/time-units.ts";
import { duration } from "./duration.ts";
import { listOf } from "./list.ts";
import { optional, type Setting, setting } from "./setting.ts";
import { choice, decimal, integer, text } from "./value-type.ts";

const MILLION = 1_000_000;
const D = DEFAULT_QUEUE_SETTINGS;

const row = { group: "Queues", perQueue: true } as const;

/** Per second. */
const rate = decimal(0.001, MILLION, { zero: true });

/** Settings of the speed and order of delivery: rates, keys, breaker, retry budget, ordering. */
export const DELIVERY_SETTINGS = {
  ratePerSecond: setting({
    ...row,
    name: "rate",
    type: rate,
    fallback: D.ratePerSecond,
    doc: "Deliveries per second of the whole queue, over all servers. 0: no limit.",
    example: "50",
  }),
  rateBurst: setting({
    ...row,
    name: "rate-burst",
    type: integer(0, MILLION),
    fallback: D.rateBurst,
    doc: "Largest burst of deliveries. 0: the deliveries of one second, at least 1.",
    example: "100",
  }),
  keyAttribute: setting({
    ...row,
    name: "key-attribute",
    type: text(LIMITS.attributeKeyBytes),
    fallback: D.keyAttribute,
    fallbackText: "none",
    doc: "Attribute whose value is the limiter key of a message, such as the target host. Limits and breakers by key use it.",
    example: "host",
  }),
  keyRatePerSecond: setting({
    ...row,
    name: "key-rate",
    type: rate,
    fallback: D.keyRatePerSecond,
    doc: "Deliveries per second of each key, over all servers. 0: no limit.",
    example: "5",
  }),
  keyRateBurst: setting({
    ...row,
    name: "key-rate-burst",
    type: integer(0, MILLION),
    fallback: D.keyRateBurst,
    doc: "Largest burst of deliveries of each key. 0: the deliveries of one second, at least 1.",
    example: "10",
  }),
  keyMaxInFlight: setting({
    ...row,
    name: "key-max-in-flight",
    type: integer(0, LIMITS.maxInFlight),
    fallback: D.keyMaxInFlight,
    doc: "Most messages in flight of each key. 0: no limit.",
    example: "4",
  }),
  breaker: setting({
    ...row,
    name: "breaker",
    type: choice(["off", "queue", "key"]),
    fallback: D.breaker,
    doc: "Stops delivery while the service that the workers call is down: for the whole queue, or for each key separately.",
    example: "queue",
  }),
  breakerWindowMs: setting({
    ...row,
    name: "breaker-window",
    type: duration({ min: 1_000, max: HOUR_MS }),
    fallback: D.breakerWindowMs,
    doc: "Time over which the breaker counts outcomes.",
    example: "1m",
  }),
  breakerMinimumVolume: setting({
    ...row,
    name: "breaker-minimum-volume",
    type: integer(1, 100_000),
    fallback: D.breakerMinimumVolume,
    doc: "With fewer outcomes in breaker-window the breaker ignores the failure ratio.",
    example: "50",
  }),
  breakerFailureRatio: setting({
    ...row,
    name: "breaker-failure-ratio",
    type: decimal(0, 1, { aboveMin: true }),
    fallback: D.breakerFailureRatio,
    doc: "Share of failures that opens the breaker.",
    example: "0.8",
  }),
  breakerConsecutiveFailures: setting({
    ...row,
    name: "breaker-consecutive-failures",
    type: integer(0, 100_000),
    fallback: D.breakerConsecutiveFailures,
    doc: "Failures in a row that open the breaker, whatever the volume. 0: off.",
    example: "10",
  }),
  breakerOpenMs: setting({
    ...row,
    name: "breaker-open-time",
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    fallback: D.breakerOpenMs,
    doc: "How long the breaker stays open the first time. Each further time without a success in between is twice as long.",
    example: "5s",
  }),
  breakerMaxOpenMs: setting({
    ...row,
    name: "breaker-max-open-time",
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    fallback: D.breakerMaxOpenMs,
    doc: "Longest time that the breaker stays open at once.",
    example: "10m",
  }),
  breakerProbes: setting({
    ...row,
    name: "breaker-probes",
    type: integer(1, 100),
    fallback: D.breakerProbes,
    doc: "Messages that are delivered while the breaker is half-open. All must succeed before it closes.",
    example: "1",
  }),
  breakerProbeTimeoutMs: optional({
    ...row,
    name: "breaker-probe-timeout",
    type: duration({ min: 1_000, max: HOUR_MS }),
    fallbackText: "lease-duration, at most 30s",
    doc: "Lease of a probe. A lease that expires without an outcome counts as a failure for the breaker, not for the message.",
    example: "10s",
  }),
  breakerReasons: setting({
    ...row,
    name: "breaker-reasons",
    type: listOf(choice(REASON_NAMES), {
      placeholder: "REASON,…",
      allowed: `reasons separated by commas, of ${REASON_NAMES.join(", ")}`,
    }),
    fallback: D.breakerReasons,
    fallbackText: D.breakerReasons.join(", "),
    doc: "Reasons that count as failures. Outcomes with other reasons count as neither success nor failure.",
    example: "TIMEOUT,NETWORK_ERROR",
  }),
  retryBudgetRatio: setting({
    ...row,
    name: "retry-budget-ratio",
    type: decimal(0, 100),
    fallback: D.retryBudgetRatio,
    doc: "Retries that are allowed for each first delivery. 0: no limit.",
    example: "0.2",
  }),
  retryBudgetMinPerSecond: setting({
    ...row,
    name: "retry-budget-min-per-second",
    type: decimal(0, MILLION),
    fallback: D.retryBudgetMinPerSecond,
    doc: "Retries per second that the budget always allows.",
    example: "5",
  }),
  ordering: setting({
    ...row,
    name: "ordering",
    type: choice(["off", "key", "hold"]),
    fallback: D.ordering,
    doc: "key: one message of an ordering_key at a time, in the order of arrival. hold: also none after a quarantined one.",
    example: "key",
  }),
  orderingHoldMaxAgeMs: setting({
    ...row,
    name: "ordering-hold-max-age",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.orderingHoldMaxAgeMs,
    doc: "Longest time that a quarantined message blocks its ordering key. 0: until an operator acts.",
    example: "1h",
  }),
} as const satisfies Record<string, Setting>;
