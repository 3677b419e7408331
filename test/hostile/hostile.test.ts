// Runs each attack against a real server beside a well-behaved client. Limits for latency are wide, for busy machines:
// `node test/hostile/measure.ts` gives exact figures.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ATTACKS } from "./catalog.ts";
import { complaints, GARBAGE_MIB, slowness } from "./judge.ts";
import { rssMiB } from "./process-figures.ts";
import { SteadyClient } from "./steady-client.ts";
import { FULL_QUEUE, startTarget, type TargetServer } from "./target-server.ts";
import { LEFT_MIB, runTrial } from "./trial.ts";

const LIMITS = {
  lastsMs: 400,
  setUpWithinMs: 3_000,
  enoughWithinMs: 60_000,
  recoversWithinMs: 60_000,
};
/** In 400 ms, the p99 is the slowest of 40 calls. If it is above its limit, these longer measurements decide. */
const LONGER_MS = [2_000, 4_000];
/** More than unread streams may hold: 80 MiB. */
const DUE_MIB = 160;
/** Warm-up, so that compiled code and caches do not count as growth. */
const WARM_UP_MS = 1_000;
/** The allocator keeps the memory of the largest attack. */
const LEFT_RSS_MIB = Math.max(...ATTACKS.map(({ memoryMiB }) => memoryMiB)) + GARBAGE_MIB;

let server: TargetServer;
let steady: SteadyClient;
let atFirst: { live: number; rss: number };

/** Reads live memory first, because that collects the garbage. MiB. */
async function memoryOf({ probe, pid }: TargetServer) {
  return { live: await probe.liveMiB(), rss: rssMiB(pid) };
}

beforeAll(async () => {
  server = await startTarget(DUE_MIB);
  steady = new SteadyClient(server.grpcAddress);
  await delay(WARM_UP_MS);
  atFirst = await memoryOf(server);
});

afterAll(async () => {
  await steady.end();
  // Rejects if the process has ended or does not stop normally.
  await server.stop();
});

it.for(ATTACKS)("$name: $what", { timeout: 300_000 }, async (attack) => {
  const problems: string[] = [];
  for (const lastsMs of [LIMITS.lastsMs, ...LONGER_MS]) {
    const trial = await runTrial(server, steady, attack, FULL_QUEUE, { ...LIMITS, lastsMs });
    expect(complaints(attack, trial)).toEqual([]);
    const slow = slowness(attack, trial);
    if (slow.length === 0) return;
    problems.push(`in ${trial.seconds.toFixed(1)} s: ${slow.join("; ")}`);
  }
  expect(problems).toEqual([]);
});

it("all attacks together leave no memory behind", async () => {
  const { live, rss } = await memoryOf(server);
  expect(live - atFirst.live).toBeLessThan(LEFT_MIB);
  expect(rss - atFirst.rss).toBeLessThan(LEFT_RSS_MIB);
});
