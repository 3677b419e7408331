import type { QuarantineReason, Reason } from "../../../src/core/reason.ts";
import type { Message, OwnRetry } from "./message.ts";

/** What README.md says of verdicts and delays, in its order. */

export type Decision = { delayMs: number } | { quarantine: QuarantineReason };

interface Preset {
  retries: number;
  firstMs: number;
  factor: number;
  capMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const PRESETS: Partial<Record<Reason, Preset>> = {
  TIMEOUT: { retries: 3, firstMs: 5 * SECOND, factor: 2, capMs: MINUTE },
  VALIDATION_FAILED: { retries: 1, firstMs: MINUTE, factor: 1, capMs: MINUTE },
  EXECUTION_FAILED: { retries: 5, firstMs: MINUTE, factor: 3, capMs: 30 * MINUTE },
};
const STANDARD: Preset = { retries: 3, firstMs: MINUTE, factor: 2, capMs: 60 * MINUTE };

/** Delay n: the first one runs from the send; after the n-th failed attempt comes n + 1. */
function nthDelayMs(n: number, reason: Reason, own: OwnRetry, random: number): number {
  if (own.fixedDelayMs !== undefined) return own.fixedDelayMs;
  const { firstMs, factor, capMs } = PRESETS[reason] ?? STANDARD;
  return Math.round(Math.min(firstMs * factor ** (n - 1), capMs) * (0.5 + random));
}

function retries(reason: Reason, own: OwnRetry): number {
  return own.maxRetries ?? (PRESETS[reason] ?? STANDARD).retries;
}

export interface ArrivalFacts {
  reason: Reason;
  own: OwnRetry;
  delayMs: number | undefined;
  nonRetryable: readonly Reason[];
  random: number;
}

export function onArrival({ reason, own, delayMs, nonRetryable, random }: ArrivalFacts): Decision {
  if (reason === "POISON_MESSAGE" || reason === "MAX_RETRIES_EXCEEDED") {
    return { quarantine: "PRODUCER_REQUEST" };
  }
  if (nonRetryable.includes(reason)) return { quarantine: "NON_RETRYABLE" };
  if (retries(reason, own) === 0) return { quarantine: "RETRIES_EXHAUSTED" };
  return { delayMs: delayMs ?? nthDelayMs(1, reason, own, random) };
}

export interface FailureFacts {
  reason: Reason;
  /** The worker's word. */
  hopeless: boolean;
  retryAfterMs: number | undefined;
  nonRetryable: readonly Reason[];
  random: number;
}

/** `message` as it was before this attempt. */
export function onFailure(message: Message, failed: FailureFacts): Decision {
  const { reason, nonRetryable } = failed;
  const failures = message.attempts + 1;
  if (failed.hopeless || nonRetryable.includes(reason)) return { quarantine: "NON_RETRYABLE" };
  if (message.poisoned) return { quarantine: "POISON" };
  if (failures >= retries(reason, message.own)) return { quarantine: "RETRIES_EXHAUSTED" };
  const { retryAfterMs, random } = failed;
  return { delayMs: retryAfterMs ?? nthDelayMs(failures + 1, reason, message.own, random) };
}

/** 1 s, 2 s, 4 s ... 5 min with releases in a row; later if asked for. `before`: releases so far. */
export function releaseDelayMs(before: number, askedMs: number | undefined): number {
  return Math.max(askedMs ?? 0, Math.min(SECOND * 2 ** before, 5 * MINUTE));
}
