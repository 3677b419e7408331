import type { QuarantineReason, Reason } from "../../../src/core/reason.ts";
import { Breaker } from "./breaker.ts";
import type { Bucket, Limiters } from "./limiters.ts";
import { Memory } from "./memory.ts";
import { type Message, needsIsolation } from "./message.ts";
import { hasTurn, passTurn, type Turn } from "./orders.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What is in force during one run. */
export interface LifeSettings {
  graceMs: number;
  ttlAction: "quarantine" | "discard";
  /** 0: quarantine is kept. */
  retentionMs: number;
  /** 0: no limit. */
  maxMessages: number;
  poisonThreshold: number;
  nonRetryable: readonly Reason[];
  /** At its beginning: they change. */
  limiters: Limiters;
}

export const DEDUP_WINDOW_MS = HOUR;
export const POISON_WINDOW_MS = 24 * HOUR;
/** Keys that expire do so by a clock that goes on while a test runs: near the end the model does not ask. */
const WALL_MS = MINUTE;

const NOTHING_COUNTED = {
  accepted: 0,
  joined: 0,
  succeeded: 0,
  discarded: 0,
  undeleted: 0,
  expired: 0,
  deliveries: 0,
  failed_attempts: 0,
  released: 0,
  /** Given back without having been seen. */
  returned: 0,
  lease_expiries: 0,
};
export type Counts = typeof NOTHING_COUNTED;

/**
 * The life of messages in one queue as README.md and docs/guides/work.md describe it: what is stored, what is
 * remembered, what is counted. Verbs are in the files beside this one.
 */
export class Life {
  nowMs: number;
  readonly settings: LifeSettings;
  readonly messages = new Map<string, Message>();
  /** Discarded messages that can be brought back. */
  readonly deleted = new Map<string, { message: Message; atMs: number }>();
  readonly counts: Counts = { ...NOTHING_COUNTED };
  /** Answers by verb and request. */
  readonly answers = new Memory<unknown>(10 * MINUTE, 20 * MINUTE);
  readonly dedup = new Memory<{ id: string; payload: string }>(
    DEDUP_WINDOW_MS - WALL_MS,
    DEDUP_WINDOW_MS,
  );
  readonly sources = new Memory<number>(POISON_WINDOW_MS - WALL_MS, POISON_WINDOW_MS);
  limiters: Limiters;
  /** Since the beginning, or until now, nothing has held anything back. */
  wasLimited: boolean;
  readonly buckets = new Map<string, Bucket>();
  /** By key; empty: the queue's. */
  readonly breakers = new Map<string, Breaker>();
  readonly turns = new Map<string, Turn>();
  /** When a tick was last noted; 0: never. */
  tendedAtMs = 0;
  /** The end of the last outage. */
  resumedAtMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number, settings: LifeSettings) {
    this.nowMs = nowMs;
    this.settings = settings;
    this.limiters = settings.limiters;
    this.wasLimited = isLimited(settings.limiters);
  }

  /** Time passes. Breakers that nothing moves for a day are forgotten. */
  pass(ms: number): void {
    this.nowMs += ms;
    if (ms > 24 * HOUR) this.breakers.clear();
  }

  change(limiters: Limiters): void {
    this.limiters = limiters;
    this.wasLimited ||= isLimited(limiters);
    for (const breaker of this.breakers.values()) {
      breaker.isBlurred ||= breaker.state === "HALF_OPEN";
    }
  }

  /** The one that its outcomes move, if any. */
  breakerOf({ key }: Message): Breaker | undefined {
    const scope = this.limiters.breaker;
    if (scope === "off" || (scope === "key" && key === "")) return undefined;
    const name = scope === "key" ? key : "";
    const breaker = this.breakers.get(name) ?? new Breaker();
    this.breakers.set(name, breaker);
    return breaker;
  }

  inState(state: Message["state"]): Message[] {
    return [...this.messages.values()].filter((message) => message.state === state);
  }

  heldBy(session: string): Message[] {
    return this.inState("IN_FLIGHT").filter(({ lease }) => lease?.session === session);
  }

  schedule(message: Message, dueAtMs: number): void {
    message.state = "SCHEDULED";
    message.quarantineReason = undefined;
    message.dueAtMs = dueAtMs;
    // A due time beyond the end of its life gives it one more.
    if (message.expireAtMs !== undefined && dueAtMs >= message.expireAtMs) {
      message.expireAtMs = dueAtMs + message.ttlMs;
    }
    const isRetry = message.attempts > 0 && !needsIsolation(message);
    message.budgeted = isRetry && this.limiters.budget !== undefined;
    passTurn(this, message.order);
  }

  quarantine(message: Message, reason: QuarantineReason): void {
    message.state = "QUARANTINED";
    message.quarantineReason = reason;
    message.sinceMs = this.nowMs;
    message.holds = message.order !== "" && this.limiters.ordering === "hold";
    // A late outcome can quarantine a message again: its hold starts again too.
    if (hasTurn(this, message)) this.turns.delete(message.order);
    passTurn(this, message.order);
  }

  leave(message: Message, how: "succeeded" | "discarded" | "expired"): void {
    this.messages.delete(message.id);
    this.counts[how]++;
    if (how === "discarded") this.deleted.set(message.id, { message, atMs: this.nowMs });
    passTurn(this, message.order);
  }

  addFailure(message: Message, reason: Reason, text: string): void {
    message.failures++;
    message.reason = reason;
    message.latestFailure = text;
  }
}

function isLimited(limiters: Limiters): boolean {
  const { keyMaxInFlight, keyRate, rate, budget, breaker, ordering, paused } = limiters;
  const isOpen = breaker === "off" && ordering === "off" && keyMaxInFlight === 0 && !paused;
  return !isOpen || limiters.keyed || (keyRate ?? rate ?? budget) !== undefined;
}

/** What a caller gets about a message that still exists. */
export function shown(message: Message) {
  const { state, quarantineReason, dueAtMs } = message;
  return { state, quarantineReason, dueAtMs: state === "SCHEDULED" ? dueAtMs : undefined };
}

/**
 * The first answer to this request; a new one is remembered, if there is a request and the queue exists: an
 * invented name leaves nothing behind.
 */
export function once<T>(life: Life, verb: string, request: string, act: () => T): T {
  if (request === "") return act();
  const key = `${verb} ${request}`;
  const answer = life.answers.get(key, life.nowMs);
  if (answer !== undefined) return answer as T;
  const given = act();
  const exists = Object.values(life.counts).some((count) => count > 0);
  if (given !== undefined && exists) life.answers.set(key, given, life.nowMs);
  return given;
}
