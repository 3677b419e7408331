import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";
import type { CheckReport } from "./checker/report.ts";
import type { FaultRecord } from "./history/event.ts";
import { judge, keep } from "./history/kept.ts";
import { nowMs } from "./history/writer.ts";
import type { Scene } from "./kinds/catalog.ts";
import type { PlannedFault } from "./plan.ts";
import { Crew, LOAD_QUEUES } from "./rig/crew.ts";
import { untilDrained } from "./rig/drained.ts";
import { MemoryWatch } from "./rig/memory.ts";
import { takeSnapshot } from "./rig/snapshot.ts";
import { sendStock } from "./rig/stock.ts";
import { Tail } from "./rig/tail.ts";
import type { World } from "./rig/world.ts";

export interface RunOptions<W extends World> {
  readonly scene: Scene<W>;
  readonly faults: readonly PlannedFault<W>[];
  readonly random: SeededRandom;
  /** Messages that must be acknowledged before the run may end. */
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
  /** Messages that lie in the store throughout. */
  readonly stock: number;
  readonly folder: string;
  readonly progress: (words: string) => void;
}

/** One fault as it went. */
export interface FaultOutcome {
  readonly kinds: readonly string[];
  readonly detail: string;
  /** How long its cause lasted, ms. */
  readonly heldMs: number;
  /** From its cause's end until every queue of the load was delivered again, ms. */
  readonly queuesMs: number;
  /** The same, until every worker got something again, ms. */
  readonly workersMs: number;
}

/** What a run has shown. */
export interface RunResult {
  readonly world: string;
  readonly words: string;
  /** Messages that lay in the store throughout. */
  readonly stock: number;
  readonly faults: readonly FaultOutcome[];
  readonly check: CheckReport;
  /** What went wrong beside what the checker finds. */
  readonly failures: readonly string[];
  readonly memory: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** Everything that was in its way must be over by then. */
const FLOW_DEADLINE_MS = 60_000;
const CALM_MS = 500;

/** Runs one scene: load, faults one after another, the end of all work, and the proof. */
export async function run<W extends World>(options: RunOptions<W>): Promise<RunResult> {
  const { scene, random, folder, progress } = options;
  mkdirSync(folder, { recursive: true });
  const startedAtMs = nowMs();
  const world = await scene.open();
  const memory = new MemoryWatch(world);
  const tail = new Tail();
  try {
    progress(`${world.words}; ${options.stock} messages lie in it`);
    const stock = await sendStock(world, options.stock, folder);
    const crew = new Crew({ world, folder, tail, random, rate: options.rate });
    await deliveredSince(tail, LOAD_QUEUES, nowMs());

    const records: FaultRecord[] = [];
    const faults: FaultOutcome[] = [];
    const failures: string[] = [];
    for (const planned of options.faults) {
      if (crew.failures.length > 0) throw new Error(crew.failures.join("\n"));
      const place = `${faults.length + 1}/${options.faults.length}`;
      await sleep(CALM_MS + random.below(CALM_MS));
      const outcome = await strike(planned, { world, crew, random, tail, records, failures });
      faults.push(outcome);
      progress(`${place} ${describe(outcome)}; ${tail.sent} sent, ${tail.deliveries} delivered`);
    }
    const enough = () => tail.sent >= options.messages || undefined;
    await until("the messages of the run", enough, 3_600_000);
    progress("all faults are over; waiting for the end of all work");
    await crew.stopProducers();
    await untilDrained(world).catch((error) => failures.push(String(error)));
    await crew.stopWorkers();
    failures.push(...crew.failures);

    progress("checking the histories");
    const snapshot = await takeSnapshot(world);
    const files = [stock, ...crew.histories];
    keep(folder, { files, snapshot, faults: records });
    const check = await judge(folder, scene.allowLoss);
    const durationMs = nowMs() - startedAtMs;
    const { name, words } = world;
    const { peaks } = memory;
    const shown = { world: name, words, stock: options.stock, faults, check, failures };
    return { ...shown, memory: peaks, durationMs };
  } finally {
    tail.stop();
    memory.stop();
    await world.stop();
  }
}

interface Scenery<W extends World> {
  readonly world: W;
  readonly crew: Crew;
  readonly random: SeededRandom;
  readonly tail: Tail;
  readonly records: FaultRecord[];
  readonly failures: string[];
}

async function strike<W extends World>(
  planned: PlannedFault<W>,
  scenery: Scenery<W>,
): Promise<FaultOutcome> {
  const { world, crew, random, tail, records, failures } = scenery;
  const kinds = planned.map(({ name }) => name);
  const number = records.length + 1;
  const record = (phase: FaultRecord["phase"], detail?: string) => {
    const at = nowMs();
    const kind = kinds.join("+");
    records.push({ e: "fault", at, number, kind, phase, ...(detail ? { detail } : {}) });
    return at;
  };
  const beganAtMs = record("begins");
  const details = await Promise.all(
    planned.map((kind) =>
      kind.run({ world, crew, random }).catch((error: unknown) => {
        failures.push(`${kind.name}: ${String(error)}`);
        return String(error);
      }),
    ),
  );
  const detail = details.filter((words) => words !== undefined).join("; ");
  const overAtMs = record("over", detail);
  const took = async (what: Promise<unknown>) => {
    await what.catch((error: unknown) => failures.push(`${kinds.join("+")}: ${String(error)}`));
    return nowMs() - overAtMs;
  };
  const workers = crew.workers.map(({ name }) => name);
  const [queuesMs, workersMs] = await Promise.all([
    took(deliveredSince(tail, LOAD_QUEUES, overAtMs)),
    took(workersDeliveredSince(tail, workers, overAtMs)),
  ]);
  record("recovered");
  return { kinds, detail, heldMs: overAtMs - beganAtMs, queuesMs, workersMs };
}

function deliveredSince(tail: Tail, queues: readonly string[], sinceMs: number): Promise<unknown> {
  const all = () => queues.every((queue) => (tail.lastByQueue.get(queue) ?? 0) > sinceMs);
  return until("deliveries of every queue", () => all() || undefined, FLOW_DEADLINE_MS);
}

function workersDeliveredSince(
  tail: Tail,
  workers: readonly string[],
  sinceMs: number,
): Promise<unknown> {
  const all = () => workers.every((name) => (tail.lastByActor.get(name) ?? 0) > sinceMs);
  return until("deliveries to every worker", () => all() || undefined, FLOW_DEADLINE_MS);
}

function describe({ kinds, detail, heldMs, queuesMs, workersMs }: FaultOutcome): string {
  const held = `${(heldMs / 1_000).toFixed(1)} s`;
  const back = `delivers after ${Math.round(queuesMs)} ms, to all workers after ${Math.round(workersMs)} ms`;
  return `${kinds.join(" + ")} (${held}${detail === "" ? "" : `; ${detail}`}): ${back}`;
}
