// Runs one attack on a server beside a well-behaved client, and measures both.

import { setTimeout as delay } from "node:timers/promises";
import { coreSlowness } from "../support/core-speed.ts";
import { statsOf } from "../support/grpc.ts";
import { measureStalls } from "../support/stalls.ts";
import type { Attack, Target } from "./attack.ts";
import { AttackProcess } from "./attack-process.ts";
import { cpuMs, type Holdings, holdingsOf, MemoryPeak, turnsOf } from "./process-figures.ts";
import type { Latencies, SteadyClient } from "./steady-client.ts";
import type { TargetServer } from "./target-server.ts";

export interface Trial {
  readonly counts: Readonly<Record<string, number>>;
  /** Latencies during the attack after its set-up. Failures also from the set-up. */
  readonly latencies: Latencies;
  /** Memory in RAM, with garbage. */
  readonly rssMiB: { readonly before: number; readonly most: number };
  /** Memory without garbage; `during` is at the end of the attack. */
  readonly liveMiB: { readonly before: number; readonly during: number; readonly after: number };
  /** The longest block of the server's event loop. */
  readonly heldUpMs: number;
  /** Factor by which slow cores, and waiting for one, slowed the server: 1 or more. */
  readonly slowedBy: number;
  readonly seconds: number;
  /** Milliseconds of CPU per second. */
  readonly serverCpu: number;
  readonly attackerCpu: number;
  readonly before: Holdings & { readonly inFlight: number };
  readonly after: Holdings & { readonly inFlight: number };
  /** Time after the attack until the server held no more than before. */
  readonly recoveredMs: number;
}

export interface TrialOptions {
  /** Duration of the attack. One that holds is measured for this time after its set-up. */
  readonly lastsMs: number;
  /** Limit for the set-up. After it, the attack is measured as it is: sending gigabytes takes time. */
  readonly setUpWithinMs: number;
  /** The attack may last this much longer until it has done its minimum. */
  readonly enoughWithinMs: number;
  /** A server that still holds more than before after this time has a leak. */
  readonly recoversWithinMs: number;
}

export async function runTrial(
  server: TargetServer,
  steady: SteadyClient,
  attack: Attack,
  queue: string,
  { lastsMs, setUpWithinMs, enoughWithinMs, recoversWithinMs }: TrialOptions,
): Promise<Trial> {
  const { pid, grpcAddress: grpc, httpAddress: http, probe } = server;
  const look = async () => ({
    ...(await holdingsOf(pid, http)),
    inFlight: Number((await statsOf(steady.dlq, queue)).inFlight),
  });
  const target: Target = { grpc, http, queue };
  const slowCore = coreSlowness();
  const before = await look();
  const liveBefore = await probe.liveMiB();
  const memory = new MemoryPeak(pid);
  const attacker = new AttackProcess(attack.name, target);
  await attacker.begun;
  await probe.heldUpMs();
  const turnsBefore = turnsOf(pid);
  // Opening thousands of connections is ordinary load. Only the cost of holding them is measured.
  if (attack.holds === true) await Promise.race([attacker.holding, delay(setUpWithinMs)]);
  const { failures } = await steady.take();
  const startedAtMs = performance.now();
  const stopStalls = measureStalls();
  const cpuBefore = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  await Promise.race([delay(lastsMs), attacker.done]);
  await Promise.race([attacker.enough, attacker.done, delay(enoughWithinMs)]);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const stalled = Math.min(0.95, stopStalls() / (seconds * 1_000));
  const cpuAfter = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  // Taken before the garbage collection, whose cost is not from the attack.
  const taken = await steady.take();
  const heldUpMs = await probe.heldUpMs();
  const turns = turnsOf(pid);
  const ranMs = turns.ranMs - turnsBefore.ranMs;
  const waited = (turns.waitedMs - turnsBefore.waitedMs) / ranMs;
  // A machine that gives everybody less does not show in the queue for a core.
  const slowedBy = slowCore * Math.max(1 + waited, 1 / (1 - stalled));
  const rss = { before: memory.beforeMiB, most: memory.end() };
  const liveDuring = await probe.liveMiB();
  await probe.heldUpMs();
  const counts = await attacker.end();
  const endedAtMs = performance.now();
  const ending = await steady.take();
  const after = await untilRecovered(look, before, recoversWithinMs);
  const recoveredMs = performance.now() - endedAtMs;
  const liveAfter = await untilFreed(() => probe.liveMiB(), liveBefore, recoversWithinMs);
  const heldUpAtEndMs = await probe.heldUpMs();
  return {
    counts,
    latencies: { ...taken, failures: [...failures, ...taken.failures, ...ending.failures] },
    rssMiB: rss,
    liveMiB: { before: liveBefore, during: liveDuring, after: liveAfter },
    heldUpMs: Math.max(heldUpMs, heldUpAtEndMs),
    slowedBy,
    seconds,
    serverCpu: (cpuAfter.server - cpuBefore.server) / seconds,
    attackerCpu: (cpuAfter.attacker - cpuBefore.attacker) / seconds,
    before,
    after,
    recoveredMs,
  };
}

/** Allowed growth after an attack, for code and caches of new paths, MiB. */
export const LEFT_MIB = 12;

/**
 * Waits until live memory is about the same as before, and returns it. Other threads, which inflate bodies, free memory
 * a little later than the end of their calls.
 */
async function untilFreed(
  live: () => Promise<number>,
  before: number,
  withinMs: number,
): Promise<number> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const after = await live();
    if (after <= before + LEFT_MIB || performance.now() > deadline) return after;
    await delay(200);
  }
}

type Held = Trial["before"];

/** Allowed growth by chance, for example a timer or handle of current work. */
const BY_CHANCE = 3;

export function heldMore(before: Held, after: Held): (keyof Held)[] {
  const names = Object.keys(before) as (keyof Held)[];
  return names.filter((name) => after[name] > before[name] + (name === "inFlight" ? 0 : BY_CHANCE));
}

async function untilRecovered(
  look: () => Promise<Held>,
  before: Held,
  withinMs: number,
): Promise<Held> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const after = await look();
    if (heldMore(before, after).length === 0 || performance.now() > deadline) return after;
    await delay(100);
  }
}
