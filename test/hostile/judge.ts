// Judges the figures of an attack.

import { type Attack, lacking } from "./attack.ts";
import { heldMore, LEFT_MIB, type Trial } from "./trial.ts";

/** Normal variation of live memory, MiB. */
export const LIVE_SLACK_MIB = 8;
/** Garbage and unused memory of the allocator in RAM, MiB. */
export const GARBAGE_MIB = 256;
/** The least calls of other clients for a judgement. */
const MIN_CALLS = 10;

/** Returns problems that do not depend on the machine: leaks, memory, failed calls, attacks that did too little. */
export function complaints(attack: Attack, trial: Trial): string[] {
  const { latencies, liveMiB, rssMiB } = trial;
  const { failures, calls } = latencies;
  const held = liveMiB.during - liveMiB.before;
  const left = liveMiB.after - liveMiB.before;
  const rss = rssMiB.most - rssMiB.before;
  return [
    ...lacking(attack, trial.counts).map((words) => `the attack did ${words}`),
    ...(failures.length > 0
      ? [`${failures.length} calls of other clients failed: ${failures[0]}`]
      : []),
    ...(calls >= MIN_CALLS ? [] : [`only ${calls} calls of other clients were measured`]),
    ...above("live memory grew by", held, attack.memoryMiB + LIVE_SLACK_MIB, "MiB"),
    ...above("live memory kept", left, LEFT_MIB, "MiB"),
    ...above("memory in RAM grew by", rss, rssBoundMiB(attack), "MiB"),
    ...heldMore(trial.before, trial.after).map(
      (what) => `holds more ${what}: ${trial.before[what]} → ${trial.after[what]}`,
    ),
  ];
}

export function rssBoundMiB({ memoryMiB, costly }: Attack): number {
  return memoryMiB + (costly?.garbageMiB ?? GARBAGE_MIB);
}

/** Limits for a server that always gets a core. */
const P99_MS = 250;
const HELD_UP_MS = 500;
/** A busy machine raises the limits by up to this factor. */
const MAX_SLOWED = 20;

/** Returns problems with the latency of other clients. */
export function slowness({ costly }: Attack, trial: Trial): string[] {
  const times = Math.min(MAX_SLOWED, trial.slowedBy);
  const p99Ms = (costly?.p99Ms ?? P99_MS) * times;
  const heldUpMs = (costly?.heldUpMs ?? HELD_UP_MS) * times;
  return [
    ...above("p99 of other clients was", trial.latencies.p99Ms, p99Ms, "ms"),
    ...above("the event loop was blocked for", trial.heldUpMs, heldUpMs, "ms"),
  ];
}

/** NaN is above every limit. */
function above(words: string, value: number, limit: number, unit: string): string[] {
  if (value <= limit) return [];
  return [`${words} ${value.toFixed(1)} ${unit}, above ${limit.toFixed(0)}`];
}
