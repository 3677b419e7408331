// One attack on one server while a well-behaved client goes on, and what it did to both.

import { setTimeout as delay } from "node:timers/promises";
import { statsOf } from "../support/grpc.ts";
import type { Attack, Target } from "./attack.ts";
import { AttackProcess } from "./attack-process.ts";
import { cpuMs, type Holdings, holdingsOf, MemoryPeak, turnsOf } from "./process-figures.ts";
import type { Latencies, SteadyClient } from "./steady-client.ts";
import type { TargetServer } from "./target-server.ts";

export interface Trial {
  readonly counts: Readonly<Record<string, number>>;
  /** While it lasted, once it was set up; its failures are those before too. */
  readonly latencies: Latencies;
  /** In RAM, garbage included. */
  readonly rssMiB: { readonly before: number; readonly most: number };
  /** Held, garbage not counted; `during` is the last moment of the attack. */
  readonly liveMiB: { readonly before: number; readonly during: number; readonly after: number };
  /** The longest that the server's event loop was held up. */
  readonly heldUpMs: number;
  /** How many times longer everything took the server, since it had to wait for a core: 1 or more. */
  readonly slowedBy: number;
  readonly seconds: number;
  /** Milliseconds of CPU a second. */
  readonly serverCpu: number;
  readonly attackerCpu: number;
  readonly before: Holdings & { readonly inFlight: number };
  readonly after: Holdings & { readonly inFlight: number };
  /** How long after the attack the server held no more than before. */
  readonly recoveredMs: number;
}

export interface TrialOptions {
  /** How long the attack lasts; one that holds is measured so long once it is set up. */
  readonly lastsMs: number;
  /** Then it is measured as far as it is: sending gigabytes takes its time. */
  readonly setUpWithinMs: number;
  /** It goes on for so much longer where it has not done what it must have done. */
  readonly enoughWithinMs: number;
  /** A server that holds more than before by then has leaked it. */
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
  const before = await look();
  const liveBefore = await probe.liveMiB();
  const memory = new MemoryPeak(pid);
  const attacker = new AttackProcess(attack.name, target);
  await attacker.begun;
  await probe.heldUpMs();
  const turnsBefore = turnsOf(pid);
  // To open thousands of connections is a load like any; what holding them does to others is not.
  if (attack.holds === true) await Promise.race([attacker.holding, delay(setUpWithinMs)]);
  const { failures } = await steady.take();
  const startedAtMs = performance.now();
  const cpuBefore = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  await Promise.race([delay(lastsMs), attacker.done]);
  await Promise.race([attacker.enough, attacker.done, delay(enoughWithinMs)]);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const cpuAfter = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  // Taken before the garbage is collected, which is none of the attack's doing.
  const taken = await steady.take();
  const heldUpMs = await probe.heldUpMs();
  const turns = turnsOf(pid);
  const ranMs = turns.ranMs - turnsBefore.ranMs;
  const slowedBy = 1 + (turns.waitedMs - turnsBefore.waitedMs) / ranMs;
  const rss = { before: memory.beforeMiB, most: memory.end() };
  const liveDuring = await probe.liveMiB();
  await probe.heldUpMs();
  const counts = await attacker.end();
  const endedAtMs = performance.now();
  const ending = await steady.take();
  const after = await untilRecovered(look, before, recoversWithinMs);
  const recoveredMs = performance.now() - endedAtMs;
  const liveAfter = await untilLetGo(() => probe.liveMiB(), liveBefore, recoversWithinMs);
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

/** What remains after an attack: code and caches of paths that were never taken before. MiB. */
export const LEFT_MIB = 12;

/**
 * Live memory once it is about what it was before: what other threads work on, as on what they
 * inflate, is let go a little later than the calls it was for.
 */
async function untilLetGo(
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

/** What a server may hold more by chance: a timer or a handle of what it does at the moment. */
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
