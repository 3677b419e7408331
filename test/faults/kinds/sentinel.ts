// Failovers, with and without writes that the replica lacks.

import { setTimeout as sleep } from "node:timers/promises";
import type { TestRedis } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import type { Crew } from "../rig/crew.ts";
import type { SentinelEnvironment } from "../rig/sentinel.ts";
import type { FaultKind } from "./kind.ts";
import { mustRun } from "./process-state.ts";

const FAILOVER_DEADLINE_MS = 120_000;
/** Longer than servers wait for a replica. */
const LAG_MS = 600;

export const failover: FaultKind<SentinelEnvironment> = {
  name: "failover",
  words:
    "kill -9 of the primary; Sentinel promotes the replica; the old one comes back as its replica",
  touches: ["store"],
  run: ({ environment }) => failOver(environment, async () => {}),
};

export const failoverWithLag: FaultKind<SentinelEnvironment> = {
  name: "failover-with-lag",
  words: `the same, after the replica was stopped for ${LAG_MS} ms and lost its link: it is promoted without the latest writes`,
  touches: ["store"],
  async run({ environment, crew }) {
    const { unavailable } = crew.seen;
    const words = await failOver(environment, async (primary, replica) => {
      replica.pause();
      await loseReplicas(primary);
      await sleep(LAG_MS);
      if (environment.name === "replicas") await untilRefused(crew, unavailable);
    });
    if (words.startsWith("0 "))
      throw new Error("the replica had all writes, so the fault tested nothing");
    return words;
  },
};

/**
 * Resolves when the replica is the primary. From then on nothing may be lost. The old primary comes back later, and the
 * next failover waits for it.
 * @param lag called when the replica has all writes from before the fault
 */
async function failOver(
  environment: SentinelEnvironment,
  lag: (primary: TestRedis, replica: TestRedis) => Promise<void>,
): Promise<string> {
  await environment.untilWhole();
  const { primary, replica } = await environment.roles();
  mustRun("the primary", primary.pid);
  const before = await offsetOf(primary, "master_repl_offset");
  const has = async () => (await offsetOf(replica, "slave_repl_offset")) >= before || undefined;
  await until("the replica to have all writes", has);
  let written: number;
  try {
    await lag(primary, replica);
    written = await offsetOf(primary, "master_repl_offset");
    await primary.kill9();
  } finally {
    replica.resume();
  }
  const promoted = async () => (await environment.roles()).primary === replica || undefined;
  await until("Sentinel to promote the replica", promoted, FAILOVER_DEADLINE_MS);
  environment.bringBack(primary, replica);
  // Later writes of the old primary are lost.
  const kept = (await offsetOf(replica, "second_repl_offset")) - 1;
  // Here sends are refused as long as there is no replica.
  if (environment.name === "replicas") await environment.untilWhole();
  return `${Math.max(0, written - kept)} bytes at least were not replicated`;
}

/** Ends the links to replicas: data in flight would still arrive after the primary was killed. */
async function loseReplicas(primary: TestRedis): Promise<void> {
  const ended = Number(await primary.cli("CLIENT", "KILL", "TYPE", "replica"));
  if (ended !== 1) throw new Error(`the primary had ${ended} replicas`);
}

async function untilRefused({ seen }: Crew, before: number): Promise<void> {
  const refused = () => seen.unavailable > before || undefined;
  await until("a send to be refused because no replica has it", refused);
}

async function offsetOf(redis: TestRedis, name: string): Promise<number> {
  const text = new RegExp(`^${name}:(-?\\d+)`, "m").exec(await redis.cli("INFO", "replication"));
  if (text === null) throw new Error(`Redis reports no ${name}`);
  return Number(text[1]);
}
