import type { Reason } from "../../../src/core/reason.ts";
import { type Life, once, shown } from "./life.ts";
import { BREAKER } from "./limiters.ts";
import type { Message, Token } from "./message.ts";
import { onFailure, releaseDelayMs } from "./rules.ts";

/** What a worker reports of one delivery. */
export type Report = { token: Token } & (
  | { kind: "succeeded" | "discarded" | "quarantined" }
  | {
      kind: "failed";
      reason: Reason;
      failure: string;
      hopeless: boolean;
      retryAfterMs: number | undefined;
    }
  | { kind: "released"; delayMs: number | undefined }
);

export type AckAnswer =
  | { status: "NOT_FOUND" }
  | ({ status: "LEASE_LOST" } & ReturnType<typeof shown>)
  | ({ status: "APPLIED" } & (ReturnType<typeof shown> | { state: "SUCCEEDED" | "DISCARDED" }));

export function ack(life: Life, request: string, reports: readonly Report[], random: number) {
  return once(life, "ack", request, () => reports.map((report) => apply(life, report, random)));
}

/** Whether an outcome under this token applies: its lease is live, or ended and the message was not claimed again. */
export function counts(message: Message, { number, nonce }: Token): boolean {
  return message.deliveries === number && message.lease?.nonce === nonce;
}

function apply(life: Life, report: Report, random: number): AckAnswer {
  const message = life.messages.get(report.token.id);
  if (!message) return { status: "NOT_FOUND" };
  if (!counts(message, report.token)) return { status: "LEASE_LOST", ...shown(message) };
  const isLate = message.state !== "IN_FLIGHT";
  // What was unknown is known now.
  if (isLate) message.doubt--;
  const isExempt = moveBreaker(life, message, report, isLate);
  message.lease = undefined;
  const gone = settle(life, message, { report, random, isExempt });
  return gone === undefined
    ? { status: "APPLIED", ...shown(message) }
    : { status: "APPLIED", state: gone };
}

/** True: a failure that says nothing of the message, since the breaker has opened meanwhile. */
function moveBreaker(life: Life, message: Message, report: Report, isLate: boolean): boolean {
  if (report.kind !== "failed" && report.kind !== "succeeded") return false;
  const counts = report.kind === "failed" && BREAKER.reasons.includes(report.reason);
  const lease = isLate ? undefined : message.lease;
  const breaker = life.breakerOf(message);
  return breaker?.outcome(life.nowMs, lease, report.kind === "failed", counts) ?? false;
}

interface Verdict {
  report: Report;
  random: number;
  isExempt: boolean;
}

/** Applies the outcome; says if the message is gone by it. */
function settle(life: Life, message: Message, { report, random, isExempt }: Verdict) {
  const { rejoined } = message;
  if (report.kind === "discarded") {
    life.leave(message, "discarded");
    return "DISCARDED";
  }
  if (report.kind === "succeeded" && !rejoined) {
    life.leave(message, "succeeded");
    return "SUCCEEDED";
  }
  if (report.kind === "released") {
    life.counts.released++;
    life.schedule(message, life.nowMs + releaseDelayMs(message.releases, report.delayMs));
    message.releases++;
    return undefined;
  }
  message.rejoined = false;
  message.expiries = 0;
  message.releases = 0;
  if (report.kind === "failed") fail(life, message, report, { random, isExempt });
  else if (report.kind === "quarantined") life.quarantine(message, "WORKER_REQUEST");
  else succeedAndGoOn(life, message);
  return undefined;
}

function fail(
  life: Life,
  message: Message,
  report: Report & { kind: "failed" },
  { random, isExempt }: Omit<Verdict, "report">,
): void {
  const { nonRetryable } = life.settings;
  const decision = onFailure(message, { ...report, nonRetryable, random });
  // What no retry can help is set aside whatever the breaker says.
  const isHopeless = "quarantine" in decision && decision.quarantine !== "RETRIES_EXHAUSTED";
  if (isExempt && !isHopeless) {
    life.counts.released++;
    life.addFailure(message, report.reason, report.failure);
    life.schedule(message, life.nowMs);
    return;
  }
  life.counts.failed_attempts++;
  message.attempts++;
  life.addFailure(message, report.reason, report.failure);
  if ("quarantine" in decision) life.quarantine(message, decision.quarantine);
  else life.schedule(message, life.nowMs + decision.delayMs);
}

/** It failed once more while it was being done. */
function succeedAndGoOn(life: Life, message: Message): void {
  if (message.poisoned) life.quarantine(message, "POISON");
  else life.schedule(message, Math.max(life.nowMs, message.dueAtMs));
}

/** Handed out and not seen by any worker: goes back as if nothing had been, but for its number. */
export function giveBack(life: Life, token: Token): void {
  const message = life.messages.get(token.id);
  if (!message || !counts(message, token)) return;
  if (message.state !== "IN_FLIGHT") {
    message.doubt--;
    // Not counted where a breaker was open.
    message.expiries = Math.max(0, message.expiries - 1);
  }
  message.lease = undefined;
  life.counts.returned++;
  life.schedule(message, message.dueAtMs);
}

export type ExtendAnswer = {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  leaseExpireAtMs: number | undefined;
};

/** A lease that was taken back is never brought back. */
export function extend(life: Life, token: Token, lengthMs: number | undefined): ExtendAnswer {
  const message = life.messages.get(token.id);
  if (!message) return { status: "NOT_FOUND", leaseExpireAtMs: undefined };
  const { lease } = message;
  if (!lease || message.state !== "IN_FLIGHT" || !counts(message, token)) {
    return { status: "LEASE_LOST", leaseExpireAtMs: undefined };
  }
  lease.lengthMs = lengthMs ?? lease.lengthMs;
  lease.endsAtMs = life.nowMs + lease.lengthMs;
  lease.hadGrace = false;
  return { status: "APPLIED", leaseExpireAtMs: lease.endsAtMs };
}
