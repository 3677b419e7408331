import { REASON_NAMES } from "../core/reason.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS } from "../core/settings.ts";
import { duration } from "./duration.ts";
import { listOf } from "./list.ts";
import { optional, type Setting, setting } from "./setting.ts";
import { choice, decimal, integer, text } from "./value-type.ts";

const HOUR_MS = 3_600_000;
const MILLION = 1_000_000;
const D = DEFAULT_QUEUE_SETTINGS;

const row = { group: "Queues", perQueue: true } as const;

/** A second. */
const rate = decimal(0.001, MILLION, { zero: true });

/** How fast, and in what order, each queue is delivered: rates, keys, breaker, budget, ordering. */
export const DELIVERY_SETTINGS = {
  ratePerSecond: setting({
    ...row,
    name: "rate",
    type: rate,
    fallback: D.ratePerSecond,
    doc: "Deliveries a second of the whole queue, over all servers. 0 is no limit.",
    example: "50",
  }),
  rateBurst: setting({
    ...row,
    name: "rate-burst",
    type: integer(0, MILLION),
    fallback: D.rateBurst,
    doc: "Most deliveries at once after a time of rest. 0 is what one second gives, at least 1.",
    example: "100",
  }),
  keyAttribute: setting({
    ...row,
    name: "key-attribute",
    type: text(LIMITS.attributeKeyBytes),
    fallback: D.keyAttribute,
    fallbackText: "none: there are no keys",
    doc: "Attribute whose value is the key of a message, such as the host that it goes to: limits and breakers by key follow it.",
    example: "host",
  }),
  keyRatePerSecond: setting({
    ...row,
    name: "key-rate",
    type: rate,
    fallback: D.keyRatePerSecond,
    doc: "Deliveries a second of each key, over all servers. 0 is no limit.",
    example: "5",
  }),
  keyRateBurst: setting({
    ...row,
    name: "key-rate-burst",
    type: integer(0, MILLION),
    fallback: D.keyRateBurst,
    doc: "As rate-burst, of each key.",
    example: "10",
  }),
  keyMaxInFlight: setting({
    ...row,
    name: "key-max-in-flight",
    type: integer(0, LIMITS.maxInFlight),
    fallback: D.keyMaxInFlight,
    doc: "Most messages in flight of each key. 0 is no limit.",
    example: "4",
  }),
  breaker: setting({
    ...row,
    name: "breaker",
    type: choice(["off", "queue", "key"]),
    fallback: D.breaker,
    doc: "Stops delivery while what the workers call is down: of the whole queue, or of each key by itself.",
    example: "queue",
  }),
  breakerWindowMs: setting({
    ...row,
    name: "breaker-window",
    type: duration({ min: 1_000, max: HOUR_MS }),
    fallback: D.breakerWindowMs,
    doc: "Time over which outcomes are counted.",
    example: "1m",
  }),
  breakerMinimumVolume: setting({
    ...row,
    name: "breaker-minimum-volume",
    type: integer(1, 100_000),
    fallback: D.breakerMinimumVolume,
    doc: "Outcomes within breaker-window below which the ratio says nothing.",
    example: "50",
  }),
  breakerFailureRatio: setting({
    ...row,
    name: "breaker-failure-ratio",
    type: decimal(0, 1, { aboveMin: true }),
    fallback: D.breakerFailureRatio,
    doc: "Share of failures that opens it.",
    example: "0.8",
  }),
  breakerConsecutiveFailures: setting({
    ...row,
    name: "breaker-consecutive-failures",
    type: integer(0, 100_000),
    fallback: D.breakerConsecutiveFailures,
    doc: "Failures in a row that open it, whatever the volume. 0 turns this off.",
    example: "10",
  }),
  breakerOpenMs: setting({
    ...row,
    name: "breaker-open-time",
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    fallback: D.breakerOpenMs,
    doc: "How long it stays open the first time; each further time without a success in between is twice as long.",
    example: "5s",
  }),
  breakerMaxOpenMs: setting({
    ...row,
    name: "breaker-max-open-time",
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    fallback: D.breakerMaxOpenMs,
    doc: "It never stays open longer than this at a time.",
    example: "10m",
  }),
  breakerProbes: setting({
    ...row,
    name: "breaker-probes",
    type: integer(1, 100),
    fallback: D.breakerProbes,
    doc: "Messages that are handed out to try whether it may close, and that must succeed.",
    example: "1",
  }),
  breakerProbeTimeoutMs: optional({
    ...row,
    name: "breaker-probe-timeout",
    type: duration({ min: 1_000, max: HOUR_MS }),
    fallbackText: "the lease as always, at most 30s",
    doc: "Lease of those. One that ends without an outcome counts as a failure of what is tried, not against the message.",
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
    doc: "Reasons that count as failures. Outcomes with other reasons count neither way.",
    example: "TIMEOUT,NETWORK_ERROR",
  }),
  retryBudgetRatio: setting({
    ...row,
    name: "retry-budget-ratio",
    type: decimal(0, 100),
    fallback: D.retryBudgetRatio,
    doc: "Retries that are allowed for each first delivery. 0 is no budget.",
    example: "0.2",
  }),
  retryBudgetMinPerSecond: setting({
    ...row,
    name: "retry-budget-min-per-second",
    type: decimal(0, MILLION),
    fallback: D.retryBudgetMinPerSecond,
    doc: "Retries a second that a budget always allows.",
    example: "5",
  }),
  ordering: setting({
    ...row,
    name: "ordering",
    type: choice(["off", "key", "hold"]),
    fallback: D.ordering,
    doc: "key: one message of an ordering_key at a time, in the order of arrival. hold: and none behind a quarantined one.",
    example: "key",
  }),
  orderingHoldMaxAgeMs: setting({
    ...row,
    name: "ordering-hold-max-age",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.orderingHoldMaxAgeMs,
    doc: "A key waits behind a quarantined message no longer than this. 0 waits until somebody decides.",
    example: "1h",
  }),
} as const satisfies Record<string, Setting>;
