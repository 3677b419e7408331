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
  /** CPU time of the sample and of what follows from it, and memory at the end. */
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

/** CPU and memory of all processes at a moment. */
interface Reading {
  readonly usages: Usages;
  /** CPU time of ended load programs, such as ghz. */
  readonly endedMs: number;
  /** CPU time of this process, and of the machine. */
  readonly ownMs: number;
  readonly machineMs: number;
}

function readingOf(system: RunningSystem): Reading {
  const { user, system: kernel } = process.cpuUsage();
  return {
    usages: usageOf({ ...system.pids(), load: system.loads.map(({ pid }) => pid) }),
    endedMs: endedChildrenCpuMs(),
    ownMs: (user + kernel) / 1_000,
    machineMs: machineCpuMs(),
  };
}

/** A sample pays for all that follows from it, such as its events. Its time and other programs are those until its last answer. */
export async function measure(trial: Trial, system: RunningSystem): Promise<Measured> {
  await trial.prepare?.();
  await system.settled?.();
  const before = readingOf(system);
  const startedAtMs = performance.now();
  const sample = await trial.sample();
  const wallMs = performance.now() - startedAtMs;
  const answered = readingOf(system);
  await system.settled?.();
  const settled = system.settled === undefined ? answered : readingOf(system);
  await trial.check?.();
  const usages = spentBetween(before, settled);
  return { sample, wallMs, usages, othersMs: othersBetween(before, answered) };
}

/** CPU time by role, and memory at the end. */
function spentBetween(before: Reading, after: Reading): Usages {
  const endedMs = after.endedMs - before.endedMs;
  const spent = ROLES.flatMap((role) => {
    const usage = after.usages[role];
    if (usage === undefined && (role !== "load" || endedMs === 0)) return [];
    const ended = role === "load" ? endedMs : 0;
    const cpuMs = (usage?.cpuMs ?? 0) - (before.usages[role]?.cpuMs ?? 0) + ended;
    return [[role, { cpuMs, rssBytes: usage?.rssBytes ?? 0 }] as const];
  });
  return Object.fromEntries(spent);
}

/** CPU time of other programs. */
function othersBetween(before: Reading, after: Reading): number {
  const spent = Object.values(spentBetween(before, after));
  const partsMs = spent.reduce((sum, { cpuMs }) => sum + cpuMs, after.ownMs - before.ownMs);
  return Math.max(0, after.machineMs - before.machineMs - partsMs);
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
