// Strangers who do their worst, against a real server, while somebody goes on as usual. The figures
// here are generous, since a machine of CI is busy: `node test/hostile/measure.ts` has exact ones.

import { afterAll, beforeAll, expect, it } from "vitest";
import { SLACK_MIB } from "./attack.ts";
import { ATTACKS } from "./catalog.ts";
import { SteadyClient } from "./steady-client.ts";
import { FULL_QUEUE, startTarget, type TargetServer } from "./target-server.ts";
import { heldMore, runTrial } from "./trial.ts";

const LIMITS = { lastsMs: 400, setUpWithinMs: 3_000, recoversWithinMs: 15_000 };
/** Of a machine that does much else; a server that stands still fails the client's calls instead. */
const HELD_UP_MS = 3_000;
const P99_MS = 5_000;

let server: TargetServer;
let steady: SteadyClient;

beforeAll(async () => {
  server = await startTarget(16);
  steady = new SteadyClient(server.grpcAddress);
}, 60_000);

afterAll(async () => {
  await steady.end();
  // Rejects where the process did not live to here, or does not end in order.
  await server.stop();
}, 60_000);

it.for(ATTACKS)("$name: $what", { timeout: 60_000 }, async (attack) => {
  const trial = await runTrial(server, steady, attack, FULL_QUEUE, LIMITS);
  expect(trial.latencies.failures).toEqual([]);
  expect(trial.latencies.calls).toBeGreaterThan(10);
  expect(trial.latencies.p99Ms).toBeLessThan(P99_MS);
  expect(trial.heldUpMs).toBeLessThan(HELD_UP_MS);
  expect(trial.mostMiB - trial.beforeMiB).toBeLessThan(attack.memoryMiB + SLACK_MIB);
  const { before, after } = trial;
  expect(heldMore(before, after), JSON.stringify({ before, after })).toEqual([]);
});
