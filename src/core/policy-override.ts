import { PRESETS, type PresetName } from "./presets.ts";
import type { Backoff, BackoffKind, Jitter, RetryPolicy } from "./settings.ts";
import type { RetryWindow } from "./windows.ts";

/** A policy as somebody wrote it: its parts replace those of another policy, and no more. */
export interface PolicyOverride {
  /** Delays and retries start from this one's. It says nothing of elapsed time and windows. */
  preset?: PresetName | undefined;
  maxRetries?: number | undefined;
  initialDelayMs?: number | undefined;
  maxDelayMs?: number | undefined;
  backoff?: BackoffKind | undefined;
  /** Of an exponential backoff. */
  multiplier?: number | undefined;
  /** Of a linear backoff. */
  incrementMs?: number | undefined;
  /** The delays of a schedule; never empty. */
  scheduleMs?: readonly number[] | undefined;
  jitter?: Jitter | undefined;
  maxElapsedMs?: number | undefined;
  windows?: readonly RetryWindow[] | undefined;
}

/** Of an exponential backoff over a policy that has none. */
const DEFAULT_MULTIPLIER = 2;

/** The policy that `own` makes of `base`. */
export function overridePolicy(base: RetryPolicy, own: PolicyOverride): RetryPolicy {
  const start = own.preset === undefined ? base : PRESETS[own.preset];
  const initialDelayMs = own.initialDelayMs ?? start.initialDelayMs;
  return {
    maxRetries: retriesOf(own) ?? start.maxRetries,
    initialDelayMs,
    // A cap that nobody wrote must not undercut the delay that somebody did.
    maxDelayMs: own.maxDelayMs ?? Math.max(initialDelayMs, start.maxDelayMs),
    backoff: backoffOf(start.backoff, own, initialDelayMs),
    jitter: own.jitter ?? start.jitter,
    maxElapsedMs: own.maxElapsedMs ?? base.maxElapsedMs,
    windows: own.windows ?? base.windows,
  };
}

/** How many retries it says itself: a schedule without a number means one for each delay. */
export function retriesOf(own: PolicyOverride): number | undefined {
  const named = own.preset === undefined ? undefined : PRESETS[own.preset].maxRetries;
  return own.maxRetries ?? own.scheduleMs?.length ?? named;
}

function backoffOf(start: Backoff, own: PolicyOverride, initialDelayMs: number): Backoff {
  const kind = own.backoff ?? implied(own)[0]?.kind ?? start.kind;
  switch (kind) {
    case "exponential": {
      const inherited = start.kind === kind ? start.multiplier : DEFAULT_MULTIPLIER;
      return { kind, multiplier: own.multiplier ?? inherited };
    }
    case "linear": {
      // As natural as doubling is to an exponential one: once, twice, three times the first delay.
      const inherited = start.kind === kind ? start.incrementMs : initialDelayMs;
      return { kind, incrementMs: own.incrementMs ?? inherited };
    }
    case "fixed":
      return { kind };
    case "schedule": {
      const inherited = start.kind === kind ? start.delaysMs : [initialDelayMs];
      return { kind, delaysMs: own.scheduleMs ?? inherited };
    }
  }
}

/** The fields that belong to one kind of backoff, and so name it, the strongest first. */
function implied(own: PolicyOverride): { kind: BackoffKind; field: string }[] {
  const fields: { kind: BackoffKind; field: string }[] = [];
  if (own.scheduleMs !== undefined) fields.push({ kind: "schedule", field: "schedule" });
  if (own.incrementMs !== undefined) fields.push({ kind: "linear", field: "increment" });
  if (own.multiplier !== undefined) fields.push({ kind: "exponential", field: "multiplier" });
  return fields;
}

/** A field of a policy, spelled as in the contract and in YAML, and what is wrong with it. */
export interface PolicyContradiction {
  field: string;
  problem: string;
}

/** Parts that are fine alone but not together: nobody can have meant both. */
export function policyContradictions(own: PolicyOverride): PolicyContradiction[] {
  const fields = implied(own);
  if (own.backoff === "schedule" && own.scheduleMs === undefined) {
    return [{ field: "schedule", problem: "is missing; a schedule needs at least one delay" }];
  }
  const strongest = fields[0];
  const kind = own.backoff ?? strongest?.kind;
  const why =
    own.backoff === undefined
      ? `${strongest?.field} is given too; leave one of them out`
      : `backoff is ${own.backoff}; leave it out`;
  return fields
    .filter((one) => one.kind !== kind)
    .map((one) => ({ field: one.field, problem: `is for ${one.kind} backoff, but ${why}` }));
}

/** Every part of a policy by name: what makes it of any other one. */
export function asOverride(policy: RetryPolicy): PolicyOverride {
  const { backoff, ...common } = policy;
  return {
    ...common,
    backoff: backoff.kind,
    ...(backoff.kind === "exponential" ? { multiplier: backoff.multiplier } : {}),
    ...(backoff.kind === "linear" ? { incrementMs: backoff.incrementMs } : {}),
    ...(backoff.kind === "schedule" ? { scheduleMs: backoff.delaysMs } : {}),
  };
}
