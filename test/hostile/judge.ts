// What a trial shows that must not be.

import { type Attack, lacking } from "./attack.ts";
import { heldMore, LEFT_MIB, type Trial } from "./trial.ts";

/** Live memory differs by so much with what the server does at the moment. MiB. */
export const LIVE_SLACK_MIB = 8;
/** Of memory in RAM: what is not collected yet, and what the allocator keeps for later. MiB. */
export const GARBAGE_MIB = 256;
/** Fewer calls of others than this say nothing about them. */
const LEAST_CALLS = 10;

/** Whatever the machine: leaks, memory above its bound, failed calls, attacks that did nothing. */
export function complaints(attack: Attack, trial: Trial): string[] {
  const { latencies, liveMiB, rssMiB } = trial;
  const { failures, calls } = latencies;
  const held = liveMiB.during - liveMiB.before;
  const left = liveMiB.after - liveMiB.before;
  const rss = rssMiB.most - rssMiB.before;
  return [
    ...lacking(attack, trial.counts).map((words) => `the attack did ${words}`),
    ...(failures.length > 0 ? [`${failures.length} calls of others failed: ${failures[0]}`] : []),
    ...(calls >= LEAST_CALLS ? [] : [`only ${calls} calls of others were measured`]),
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

/** Of a server that gets a core when it wants one. On an idle machine most attacks cost a tenth. */
const P99_MS = 1_000;
const HELD_UP_MS = 500;
/** The limits grow with what a busy machine takes from the server, up to so many times. */
const MOST_SLOWED = 4;

/** What others had to wait. */
export function slowness({ costly }: Attack, trial: Trial): string[] {
  const times = Math.min(MOST_SLOWED, trial.slowedBy);
  const p99Ms = (costly?.p99Ms ?? P99_MS) * times;
  const heldUpMs = (costly?.heldUpMs ?? HELD_UP_MS) * times;
  return [
    ...above("p99 of others was", trial.latencies.p99Ms, p99Ms, "ms"),
    ...above("the event loop was held up for", trial.heldUpMs, heldUpMs, "ms"),
  ];
}

/** Not a number is above every limit. */
function above(words: string, value: number, limit: number, unit: string): string[] {
  if (value <= limit) return [];
  return [`${words} ${value.toFixed(1)} ${unit}, above ${limit.toFixed(0)}`];
}
