import type { Breaker } from "./breaker.ts";
import type { Life } from "./life.ts";
import { BREAKER, Bucket, budgetRate, type Rate } from "./limiters.ts";
import { type Message, needsIsolation } from "./message.ts";
import { hasTurn } from "./orders.ts";

/** What keeps a due message from being handed out: by what limiters say, and what has been handed out. */

/** Opens with something that happens, not with time. */
const BY_EVENT = Number.POSITIVE_INFINITY;

/** Why it must not be handed out now; undefined: nothing is in its way. */
export function barrier(life: Life, message: Message): string | undefined {
  const { limiters, nowMs } = life;
  const { key } = message;
  if (limiters.paused) return "the queue is paused";
  if (!hasTurn(life, message)) return "it is not its turn";
  const breaker = life.breakerOf(message);
  if (breaker?.state === "OPEN" && breaker.retryAtMs > nowMs) return "its breaker is open";
  if (breaker?.state === "HALF_OPEN" && !isProbeFree(life, breaker)) return "enough probes are out";
  for (const { name, rate } of ratesOf(life, message)) {
    if (bucketOf(life, name).isEmpty(rate, nowMs)) return `the rate of ${name} is used up`;
  }
  if (isKeyFull(life, key)) return `its key has ${inFlightOf(life, key)} in flight`;
  return undefined;
}

/** When nothing is in its way any more, at the latest, if nothing happens; due or not. */
export function opensAtMs(life: Life, message: Message): number {
  const { limiters, nowMs } = life;
  if (limiters.paused || !hasTurn(life, message) || isKeyFull(life, message.key)) return BY_EVENT;
  const breaker = life.breakerOf(message);
  return Math.max(
    nowMs,
    breaker && breaker.state !== "CLOSED" ? breakerOpensAtMs(life, breaker) : nowMs,
    ...ratesOf(life, message).map(({ name, rate }) => bucketOf(life, name).readyAtMs(rate, nowMs)),
  );
}

/** Tokens that a hand-out costs, and brings. Before the message is in flight. */
export function charge(life: Life, { key, attempts }: Message): void {
  const { rate, keyRate, budget } = life.limiters;
  const { nowMs } = life;
  if (rate) bucketOf(life, "the queue").add(rate, nowMs, -1);
  if (keyRate && key !== "") bucketOf(life, `key ${key}`).add(keyRate, nowMs, -1);
  if (budget) {
    const tokens = attempts > 0 ? -1 : budget.ratio;
    bucketOf(life, "retries").add(budgetRate(budget), nowMs, tokens);
  }
}

function ratesOf({ limiters }: Life, message: Message): { name: string; rate: Rate }[] {
  const { rate, keyRate, budget } = limiters;
  const { key } = message;
  return [
    ...(rate ? [{ name: "the queue", rate }] : []),
    ...(keyRate && key !== "" ? [{ name: `key ${key}`, rate: keyRate }] : []),
    ...(budget && message.budgeted && !needsIsolation(message)
      ? [{ name: "retries", rate: budgetRate(budget) }]
      : []),
  ];
}

function bucketOf({ buckets }: Life, name: string): Bucket {
  const bucket = buckets.get(name) ?? new Bucket();
  buckets.set(name, bucket);
  return bucket;
}

function isKeyFull(life: Life, key: string): boolean {
  const { keyMaxInFlight } = life.limiters;
  return key !== "" && keyMaxInFlight > 0 && inFlightOf(life, key) >= keyMaxInFlight;
}

function inFlightOf(life: Life, key: string): number {
  return life.inState("IN_FLIGHT").filter((message) => message.key === key).length;
}

/** Of one that is not closed. */
function breakerOpensAtMs(life: Life, breaker: Breaker): number {
  if (breaker.state === "OPEN") return breaker.retryAtMs;
  return isProbeFree(life, breaker) && !breaker.isBlurred ? life.nowMs : BY_EVENT;
}

function isProbeFree(life: Life, breaker: Breaker): boolean {
  const out = life
    .inState("IN_FLIGHT")
    .filter(
      (message) =>
        life.breakerOf(message) === breaker && message.lease && breaker.isProbe(message.lease),
    );
  return out.length + breaker.won < BREAKER.probes;
}
