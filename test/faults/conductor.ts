import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";
import type { CheckReport } from "./checker/report.ts";
import type { AllowLoss } from "./checker/rollbacks.ts";
import type { FaultRecord } from "./history/event.ts";
import { judge, keep } from "./history/kept.ts";
import { nowMs } from "./history/writer.ts";
import { describe, type FaultOutcome, inject, issuedSince, type RunState } from "./inject.ts";
import type { TestedEnvironment } from "./kinds/catalog.ts";
import type { PlannedFault } from "./plan.ts";
import { sendBaseline } from "./rig/baseline.ts";
import { letBreakersClose } from "./rig/breakers.ts";
import { Crew } from "./rig/crew.ts";
import { untilDrained } from "./rig/drained.ts";
import type { Environment } from "./rig/environment.ts";
import { HistoryFollower } from "./rig/history-follower.ts";
import { problemsOfIdle, sendIdle } from "./rig/idle-queues.ts";
import { MemoryWatch, StoreMemoryWatch } from "./rig/memory.ts";
import { LOAD_QUEUES } from "./rig/queues.ts";
import { setRules } from "./rig/rules.ts";
import { takeSnapshot } from "./rig/snapshot.ts";

export interface RunOptions<W extends Environment> {
  readonly tested: TestedEnvironment<W>;
  readonly faults: readonly PlannedFault<W>[];
  readonly random: SeededRandom;
  /** Messages that must be acknowledged before the run may end. */
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
  /** Baseline messages. */
  readonly baseline: number;
  /** Queues with one message that is due in a month. */
  readonly idleQueues: number;
  /** Languages of the built actors that take part. */
  readonly languages: readonly string[];
  /** Factor for the goals of recovery: 1 on ordinary cores, more on slower ones. */
  readonly coreSlowness: number;
  readonly folder: string;
  readonly progress: (words: string) => void;
}

/** The results of a run. */
export interface RunResult {
  readonly environment: string;
  readonly words: string;
  /** Baseline messages. */
  readonly baseline: number;
  /** As in the options. */
  readonly idleQueues: number;
  readonly faults: readonly FaultOutcome[];
  readonly check: CheckReport;
  /** Which losses are allowed. */
  readonly allowLoss: AllowLoss | undefined;
  /** Errors of the run itself, beside the findings of the checker. */
  readonly failures: readonly string[];
  /** The largest difference between sends and deliveries. */
  readonly maxBehind: number;
  /** The most answers to requests that the store had to remember. */
  readonly maxRemembered: number;
  /** Process, or `workers` or `producers` -> the peak of resident bytes of one process. */
  readonly memory: Readonly<Record<string, number>>;
  /** Figures of the store itself, bytes, when it used most memory. */
  readonly storeMemory: Readonly<Record<string, number>>;
  readonly durationMs: number;
  /** As in the options. */
  readonly coreSlowness: number;
}

const CALM_MS = 500;
/** Long, because all actors start at once and the load is already running. */
const START_MS = 180_000;
/** Without a fault, a run with no acknowledgement for so long is stuck. */
const STALLED_MS = 180_000;

/**
 * Runs one environment: starts the load, injects faults one after another, waits until all work is done, and checks the
 * histories. After an error it still stores and checks what was recorded.
 */
export async function run<W extends Environment>(options: RunOptions<W>): Promise<RunResult> {
  const { tested, random, folder, progress } = options;
  mkdirSync(folder, { recursive: true });
  // The checker would take the histories of two runs as one run.
  if (readdirSync(folder).length > 0) throw new Error(`${folder} has the histories of another run`);
  const startedAtMs = nowMs();
  const environment = await tested.open();
  const seen = new HistoryFollower();
  let crew: Crew | undefined;
  const memory = new MemoryWatch(() => ({ ...environment.pids(), ...crew?.pids() }));
  const storeMemory = new StoreMemoryWatch(await environment.redis());
  const records: FaultRecord[] = [];
  const failures: string[] = [];
  const orFail = (step: Promise<unknown>) =>
    step.catch((error: unknown) => failures.push(String(error)));
  try {
    await setRules(environment);
    progress(`${environment.words}; ${options.baseline} baseline messages`);
    const baseline = await sendBaseline(environment, options.baseline, folder);
    const idle = await sendIdle(environment, options.idleQueues);
    progress(`${idle.size} idle queues`);
    const { rate, languages } = options;
    crew = new Crew({ environment, folder, seen, random, rate, languages });
    const state = { environment, crew, random, seen, records, failures };
    // A worker that is killed before its first delivery would have no history.
    const workers = crew.workers.map(({ name }) => name);
    await orFail(issuedSince("to every worker", seen.lastByActor, workers, 0, START_MS));
    await orFail(issuedSince("of every queue", seen.lastByQueue, LOAD_QUEUES, nowMs()));
    const faults = await injectAll(options, state);
    await orFail(untilSent(options.messages, state));

    progress("all faults are over; waiting until all work is done");
    await orFail(crew.stopProducers());
    await orFail(untilDrained(environment, progress));
    await orFail(letBreakersClose(environment, crew, progress));
    await orFail(crew.stopWorkers());
    failures.push(...crew.failures);

    progress("checking the histories");
    const changed = await problemsOfIdle(environment, idle);
    failures.push(...changed);
    const snapshot = await takeSnapshot(environment);
    const events = await environment.events?.();
    const files = [baseline, ...crew.histories];
    keep(folder, { files, snapshot, faults: records, ...(events && { events }) });
    const check = await judge(folder, tested.allowLoss);
    return {
      environment: environment.name,
      words: environment.words,
      baseline: options.baseline,
      idleQueues: options.idleQueues,
      faults,
      check,
      allowLoss: tested.allowLoss,
      failures, // stopping the environment may add to them
      maxBehind: seen.maxBehind,
      maxRemembered: seen.maxRemembered,
      memory: memory.peaks,
      storeMemory: storeMemory.peak,
      durationMs: nowMs() - startedAtMs,
      coreSlowness: options.coreSlowness,
    };
  } finally {
    seen.stop();
    memory.stop();
    storeMemory.stop();
    await crew?.kill9();
    await orFail(environment.stop());
    keepLogs(folder, environment);
  }
}

/** Writes the logs of the servers beside the histories: they tell the cause of a problem. */
function keepLogs(folder: string, { servers }: Environment): void {
  for (const [at, { logs }] of servers.entries()) {
    const lines = logs.map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(join(folder, `server-${at + 1}.log`), lines.join(""));
  }
}

/** Injects the faults one after another. Stops early if an actor fails. */
async function injectAll<W extends Environment>(
  { faults, progress }: RunOptions<W>,
  state: RunState<W>,
): Promise<FaultOutcome[]> {
  const { environment, crew, random, seen } = state;
  const outcomes: FaultOutcome[] = [];
  for (const [at, planned] of faults.entries()) {
    if (crew.failures.length > 0) break;
    await environment.untilWhole?.().catch((error: unknown) => state.failures.push(String(error)));
    await sleep(CALM_MS + random.below(CALM_MS));
    const outcome = await inject(planned, at + 1, state);
    outcomes.push(outcome);
    const sums = `${seen.sent} sent, ${seen.deliveries} delivered`;
    progress(`${at + 1}/${faults.length} ${describe(outcome)}; ${sums}`);
  }
  return outcomes;
}

async function untilSent<W extends Environment>(
  messages: number,
  { seen, crew }: RunState<W>,
): Promise<void> {
  let most = -1;
  let mostAtMs = 0;
  const look = () => {
    if (seen.sent > most) {
      most = seen.sent;
      mostAtMs = nowMs();
    }
    if (nowMs() - mostAtMs > STALLED_MS) {
      throw new Error(`${most} sends were acknowledged, and no more for ${STALLED_MS / 1_000} s`);
    }
    return most >= messages || crew.failures.length > 0 || undefined;
  };
  await until("the messages of the run", look, Number.POSITIVE_INFINITY);
}
