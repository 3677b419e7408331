import { PRESETS, type PresetName } from "./presets.ts";
import type { Backoff, BackoffKind, Jitter, RetryPolicy } from "./settings.ts";
import type { RetryWindow } from "./windows.ts";

/** A partial policy. Its fields replace those of another policy. */
export interface PolicyOverride {
  /** Replaces delays and retries with the preset's. Elapsed time and windows stay. */
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

/** The multiplier if neither policy has one. */
const DEFAULT_MULTIPLIER = 2;

/** Returns `base` with the fields of `own`. */
export function overridePolicy(base: RetryPolicy, own: PolicyOverride): RetryPolicy {
  const start = own.preset === undefined ? base : PRESETS[own.preset];
  const initialDelayMs = own.initialDelayMs ?? start.initialDelayMs;
  return {
    maxRetries: retriesOf(own) ?? start.maxRetries,
    initialDelayMs,
    // An inherited cap must not be below an explicit delay.
    maxDelayMs: own.maxDelayMs ?? Math.max(initialDelayMs, start.maxDelayMs),
    backoff: backoffOf(start.backoff, own, initialDelayMs),
    jitter: own.jitter ?? start.jitter,
    maxElapsedMs: own.maxElapsedMs ?? base.maxElapsedMs,
    windows: own.windows ?? base.windows,
  };
}

/**
 * The retries that the override sets. A schedule without a number means one retry for each delay.
 */
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
      // The default: once, twice, three times the first delay.
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

/** The kinds of backoff that the given fields imply, strongest first. */
function implied(own: PolicyOverride): { kind: BackoffKind; field: string }[] {
  const fields: { kind: BackoffKind; field: string }[] = [];
  if (own.scheduleMs !== undefined) fields.push({ kind: "schedule", field: "schedule" });
  if (own.incrementMs !== undefined) fields.push({ kind: "linear", field: "increment" });
  if (own.multiplier !== undefined) fields.push({ kind: "exponential", field: "multiplier" });
  return fields;
}

/** A field of a policy, spelled as in the contract and in YAML, and its problem. */
export interface PolicyContradiction {
  field: string;
  problem: string;
}

/** Returns fields that contradict each other. */
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

/** The override that turns any policy into this one. */
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
