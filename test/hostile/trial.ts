// One attack on one server while a well-behaved client goes on, and what it did to both.

import { setTimeout as delay } from "node:timers/promises";
import { statsOf } from "../support/grpc.ts";
import type { Attack, Target } from "./attack.ts";
import { AttackProcess } from "./attack-process.ts";
import { cpuMs, type Holdings, holdingsOf, loopHeldUpMs, MemoryPeak } from "./process-figures.ts";
import type { Latencies, SteadyClient } from "./steady-client.ts";
import type { TargetServer } from "./target-server.ts";

export interface Trial {
  readonly counts: Readonly<Record<string, number>>;
  /** While it lasted, once it was set up; its failures are those before too. */
  readonly latencies: Latencies;
  readonly beforeMiB: number;
  readonly mostMiB: number;
  /** The longest that the server's event loop was held up. */
  readonly heldUpMs: number;
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
  /** A server that holds more than before by then has leaked it. */
  readonly recoversWithinMs: number;
}

export async function runTrial(
  server: TargetServer,
  steady: SteadyClient,
  attack: Attack,
  queue: string,
  { lastsMs, setUpWithinMs, recoversWithinMs }: TrialOptions,
): Promise<Trial> {
  const { pid, grpcAddress: grpc, httpAddress: http } = server;
  const look = async () => ({
    ...(await holdingsOf(pid, http)),
    inFlight: Number((await statsOf(steady.dlq, queue)).inFlight),
  });
  const target: Target = { grpc, http, queue };
  const before = await look();
  const memory = new MemoryPeak(pid);
  const attacker = new AttackProcess(attack.name, target);
  await attacker.begun;
  // Before it holds: a port without room for connections has none for this either.
  await loopHeldUpMs(http);
  // To open thousands of connections is a load like any; what holding them does to others is not.
  if (attack.holds === true) await Promise.race([attacker.holding, delay(setUpWithinMs)]);
  const { failures } = await steady.take();
  const startedAtMs = performance.now();
  const cpuBefore = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  await Promise.race([delay(lastsMs), attacker.done]);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const cpuAfter = { server: cpuMs(pid), attacker: cpuMs(attacker.pid) };
  const counts = await attacker.end();
  const endedAtMs = performance.now();
  const taken = await steady.take();
  const latencies = { ...taken, failures: [...failures, ...taken.failures] };
  const heldUpMs = await loopHeldUpMs(http);
  const mostMiB = memory.end();
  const after = await untilRecovered(look, before, recoversWithinMs);
  return {
    counts,
    latencies,
    beforeMiB: memory.beforeMiB,
    mostMiB,
    heldUpMs,
    seconds,
    serverCpu: (cpuAfter.server - cpuBefore.server) / seconds,
    attackerCpu: (cpuAfter.attacker - cpuBefore.attacker) / seconds,
    before,
    after,
    recoveredMs: performance.now() - endedAtMs,
  };
}

type Held = Trial["before"];

/** What a server may hold more by chance: a timer or a handle of what it does at the moment. */
const BY_CHANCE = 3;

export function heldMore(before: Held, after: Held): string[] {
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
