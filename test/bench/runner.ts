// Runs one row on one system: start, warm up, sample, stop. An error becomes a failed cell, and all processes end.

import type { Planned } from "./catalog.ts";
import { type Cell, figureOf, type ProcessFigures } from "./cell.ts";
import { endedChildrenCpuMs, machineCpuMs, type Role, type Usages, usageOf } from "./meter.ts";
import type { Sample, Scale, Trial } from "./row.ts";
import { startSystem } from "./systems/start-system.ts";
import type { RunningSystem } from "./systems/system.ts";

const ROLES: readonly Role[] = ["server", "redis", "load"];

/** Number and length of log lines shown for a failed server. */
const LOG_LINES = 2;
const LOG_LINE_CHARS = 400;

const TOO_SHORT = "a sample has too few answers for its figures: measure longer, with --seconds";

export interface RunOptions {
  readonly samples: number;
  readonly scale: Scale;
  /** Aborts the row, whose cell fails. */
  readonly signal: AbortSignal;
}

interface Measured {
  readonly sample: Sample;
  readonly wallMs: number;
  /** CPU time of the sample, and memory at its end. */
  readonly usages: Usages;
  /** CPU time of other programs. */
  readonly othersMs: number;
}

export async function runCell({ row, system: name }: Planned, options: RunOptions): Promise<Cell> {
  let system: RunningSystem | undefined;
  const end = () => void system?.stop().catch(() => {}); // the running step reports the end
  options.signal.addEventListener("abort", end);
  try {
    system = await startSystem(name);
    options.signal.throwIfAborted();
    const trial = await row.open({ system, scale: options.scale });
    for (let left = row.warmUps ?? 3; left > 0; left--) await measure(trial, system);
    const measured: Measured[] = [];
    while (measured.length < options.samples) {
      const one = await measure(trial, system);
      // A warm-up needs no figures: a program that has just started may give one answer in it.
      if (!Object.values(one.sample.figures).every(Number.isFinite)) throw new Error(TOO_SHORT);
      measured.push(one);
    }
    const figures = row.measures.flatMap(({ name }) => {
      const values = measured.flatMap(({ sample }) => sample.figures[name] ?? []);
      return values.length === 0 ? [] : [[name, figureOf(values)] as const];
    });
    await system.stop();
    return {
      row: row.name,
      system: name,
      figures: Object.fromEntries(figures),
      processes: processFigures(measured),
      othersCorePercent: figureOf(measured.map((one) => (one.othersMs * 100) / one.wallMs)),
    };
  } catch (error) {
    await system?.stop().catch(() => {}); // the first failure is the one to report
    const why = error instanceof Error ? error.message : String(error);
    return { row: row.name, system: name, failure: `${why}${logErrors(system)}` };
  } finally {
    options.signal.removeEventListener("abort", end);
  }
}

/** Returns the first errors in the log of a server. */
function logErrors(system: RunningSystem | undefined): string {
  const errors = (system?.output?.() ?? "")
    .split("\n")
    .filter((line) => /"level":"(error|fatal)"/.test(line));
  return errors
    .slice(0, LOG_LINES)
    .map((line) => `\n${line.slice(0, LOG_LINE_CHARS)}`)
    .join("");
}

async function measure(trial: Trial, system: RunningSystem): Promise<Measured> {
  await trial.prepare?.();
  await system.settled?.();
  const usages = () => usageOf({ ...system.pids(), load: system.loads.map(({ pid }) => pid) });
  const before = usages();
  const endedBefore = endedChildrenCpuMs();
  const machineBefore = machineCpuMs();
  const ownBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const sample = await trial.sample();
  // The sample pays for all that follows from it.
  await system.settled?.();
  const wallMs = performance.now() - startedAtMs;
  const own = process.cpuUsage(ownBefore);
  const machineMs = machineCpuMs() - machineBefore;
  const after = usages();
  const endedCpuMs = endedChildrenCpuMs() - endedBefore; // load from programs that have ended, such as ghz
  await trial.check?.();
  const spent = ROLES.flatMap((role) => {
    const usage = after[role];
    if (usage === undefined && (role !== "load" || endedCpuMs === 0)) return [];
    const ended = role === "load" ? endedCpuMs : 0;
    const cpuMs = (usage?.cpuMs ?? 0) - (before[role]?.cpuMs ?? 0) + ended;
    return [[role, { cpuMs, rssBytes: usage?.rssBytes ?? 0 }] as const];
  });
  const partsMs = spent.reduce(
    (sum, [, { cpuMs }]) => sum + cpuMs,
    (own.user + own.system) / 1_000,
  );
  const othersMs = Math.max(0, machineMs - partsMs);
  return { sample, wallMs, usages: Object.fromEntries(spent), othersMs };
}

function processFigures(measured: readonly Measured[]): Partial<Record<Role, ProcessFigures>> {
  const present = ROLES.filter((role) => measured.some(({ usages }) => usages[role] !== undefined));
  const all = present.map((role) => {
    const cpu = measured.map(({ usages }) => usages[role]?.cpuMs ?? 0);
    const each = (value: (one: Measured, index: number) => number) => figureOf(measured.map(value));
    const hasMessages = measured.every(({ sample }) => sample.messages > 0);
    const figures: ProcessFigures = {
      ...(hasMessages && {
        cpuMsPer1000: each(({ sample }, at) => ((cpu[at] ?? 0) * 1_000) / sample.messages),
      }),
      corePercent: each(({ wallMs }, at) => ((cpu[at] ?? 0) * 100) / wallMs),
      rssMiB: each(({ usages }) => (usages[role]?.rssBytes ?? 0) / 2 ** 20),
    };
    return [role, figures] as const;
  });
  return Object.fromEntries(all);
}
