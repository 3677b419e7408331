import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/random.ts";
import { measureStalls } from "../support/stalls.ts";
import { until } from "../support/until.ts";
import type { FaultRecord } from "./history/event.ts";
import { nowMs } from "./history/writer.ts";
import type { PlannedFault } from "./plan.ts";
import type { Crew } from "./rig/crew.ts";
import type { Environment } from "./rig/environment.ts";
import type { HistoryFollower } from "./rig/history-follower.ts";
import { untilServes } from "./rig/probe.ts";
import { LOAD_QUEUES } from "./rig/queues.ts";

/** The result of one fault or a pair. Recovery times count from the end of the last cause. */
export interface FaultOutcome {
  readonly kinds: readonly string[];
  readonly detail: string;
  /** Duration of the cause, ms. */
  readonly heldMs: number;
  /** Until every queue of the load delivered a message that was issued after the cause, ms. */
  readonly queuesMs: number;
  /** Until every server, called directly, stored a message, delivered it and took its outcome, ms. */
  readonly serversMs: number;
  /** Until every worker got a message that was issued after the cause, ms. */
  readonly workersMs: number;
  /** How long the machine did not let the suite run meanwhile, ms. */
  readonly stalledMs: number;
}

export interface RunState<W extends Environment> {
  readonly environment: W;
  readonly crew: Crew;
  readonly random: SeededRandom;
  readonly seen: HistoryFollower;
  readonly records: FaultRecord[];
  readonly failures: string[];
}

/** How long deliveries may take to resume. */
const FLOW_DEADLINE_MS = 180_000;

/** Injects a planned fault and waits for recovery. @param number place in the plan, from 1 */
export async function inject<W extends Environment>(
  planned: PlannedFault<W>,
  number: number,
  state: RunState<W>,
): Promise<FaultOutcome> {
  const { environment, crew, random, seen, records, failures } = state;
  const kinds = planned.map(({ kind }) => kind.name);
  const name = kinds.join("+");
  const record = (phase: FaultRecord["phase"], detail?: string) => {
    const at = nowMs();
    records.push({ e: "fault", at, number, kind: name, phase, ...(detail ? { detail } : {}) });
    return at;
  };
  const beganAtMs = record("begins");
  const details = await Promise.all(
    planned.map(async ({ kind, afterMs }) => {
      if (afterMs > 0) await sleep(afterMs);
      return kind.run({ environment, crew, random }).catch((error: unknown) => {
        failures.push(`${kind.name}: ${String(error)}`);
        return String(error);
      });
    }),
  );
  const after = planned.filter(({ afterMs }) => afterMs > 0).map(({ afterMs }) => `+${afterMs} ms`);
  const detail = [...after, ...details].filter((words) => words !== undefined).join("; ");
  const overAtMs = record("over", detail);
  const stopStalls = measureStalls();
  const took = async (what: Promise<unknown>) => {
    await what.catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
    return nowMs() - overAtMs;
  };
  const workers = crew.workers.map((worker) => worker.name);
  const [queuesMs, workersMs, ...eachServerMs] = await Promise.all([
    took(issuedSince("of every queue", seen.lastByQueue, LOAD_QUEUES, overAtMs)),
    took(issuedSince("to every worker", seen.lastByActor, workers, overAtMs)),
    ...environment.servers.map((server, at) => took(untilServes(server, at + 1, FLOW_DEADLINE_MS))),
  ]);
  record("recovered");
  const serversMs = Math.max(...eachServerMs);
  const [heldMs, stalledMs] = [overAtMs - beganAtMs, stopStalls()];
  return { kinds, detail, heldMs, queuesMs, serversMs, workersMs, stalledMs };
}

/** Waits for deliveries. @param last name -> when its latest received delivery was issued */
export function issuedSince(
  which: string,
  last: ReadonlyMap<string, number>,
  names: readonly string[],
  sinceMs: number,
  withinMs = FLOW_DEADLINE_MS,
): Promise<unknown> {
  const missing = () => names.filter((name) => (last.get(name) ?? 0) <= sinceMs);
  const all = () => missing().length === 0 || undefined;
  return until(`deliveries ${which}`, all, withinMs).catch(() => {
    throw new Error(`no deliveries ${which}: none of ${missing().join(", ")}`);
  });
}

/** Returns a line for the progress output. */
export function describe(outcome: FaultOutcome): string {
  const { kinds, detail, heldMs, queuesMs, serversMs, workersMs } = outcome;
  const held = `${(heldMs / 1_000).toFixed(1)} s`;
  const [queues, servers, workers] = [queuesMs, serversMs, workersMs].map(Math.round);
  return (
    `${kinds.join(" + ")} (${held}${detail === "" ? "" : `; ${detail}`}): back after ` +
    `${queues} ms (queues), ${servers} ms (servers), ${workers} ms (workers)`
  );
}
