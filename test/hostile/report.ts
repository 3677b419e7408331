// The results of `measure.ts` in Markdown.

import type { Attack } from "./attack.ts";
import { complaints, LIVE_SLACK_MIB, rssBoundMiB } from "./judge.ts";
import type { Measured } from "./measurement.ts";

/** Allowed growth of the p99 of other clients under attack, as a share. */
export const MAX_WORSE = 0.1;

export interface Found {
  readonly attack: Attack;
  readonly rounds: readonly Measured[];
  /** Why a round was aborted. */
  readonly broken?: string;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

type Beside = "idle" | "control";

/** Growth of the p99 under attack: 0.1 is a tenth. */
export function worseThan(beside: Beside, rounds: readonly Measured[]): number {
  const without = median(rounds.map((one) => one[beside].p99Ms));
  return median(rounds.map(({ trial }) => trial.latencies.p99Ms)) / without - 1;
}

/** Returns the problems of all rounds, each once. Empty if the attack passed. */
export function complaintsOf({ attack, rounds, broken }: Found): string[] {
  const failed = (latencies: Measured["idle"], when: string) =>
    latencies.failures.length > 0 ? [`${latencies.failures.length} calls failed ${when}`] : [];
  const all = rounds.flatMap(({ idle, control, trial }) => [
    ...complaints(attack, trial),
    ...failed(idle, "without any load"),
    ...failed(control, "beside the control"),
  ]);
  return [...new Set(broken === undefined ? all : [...all, broken])];
}

type Figure = (rounds: readonly Measured[], attack: Attack) => string;

const middle = (digits: number, of: (one: Measured) => number): Figure => {
  return (rounds) => median(rounds.map(of)).toFixed(digits);
};

/** The largest figure of all rounds. */
const most = (rounds: readonly Measured[], of: (one: Measured) => number) =>
  Math.max(...rounds.map(of));

/** The columns between the attack's name and its problems. */
const FIGURES: Readonly<Record<string, Figure>> = {
  "idle p99 ms": middle(1, ({ idle }) => idle.p99Ms),
  "control p99 ms": middle(1, ({ control }) => control.p99Ms),
  "attack p99 ms": middle(1, ({ trial }) => trial.latencies.p99Ms),
  "to idle": (rounds) => percent(worseThan("idle", rounds)),
  "to control": (rounds) => percent(worseThan("control", rounds)),
  "hold-up ms": (rounds) => most(rounds, ({ trial }) => trial.heldUpMs).toFixed(0),
  "live memory MiB": (rounds) =>
    signed(most(rounds, ({ trial: { liveMiB } }) => liveMiB.during - liveMiB.before)),
  "live bound MiB": (_, { memoryMiB }) => (memoryMiB + LIVE_SLACK_MIB).toFixed(0),
  "RAM MiB": (rounds) =>
    signed(most(rounds, ({ trial: { rssMiB } }) => rssMiB.most - rssMiB.before)),
  "RAM bound MiB": (_, attack) => rssBoundMiB(attack).toFixed(0),
  "CPU server ms/s": middle(0, ({ trial }) => trial.serverCpu),
  "CPU attacker ms/s": middle(0, ({ trial }) => trial.attackerCpu),
  "server's for 1 of attacker's": middle(1, ({ trial }) => trial.serverCpu / trial.attackerCpu),
  "back after ms": (rounds) => most(rounds, ({ trial }) => trial.recoveredMs).toFixed(0),
};

export const HEAD: readonly string[] = ["attack", ...Object.keys(FIGURES), "problems"];

/** The cells of an attack in the columns of {@link HEAD}. */
export function cellsOf(found: Found): readonly string[] {
  const { attack, rounds } = found;
  const cells = Object.values(FIGURES).map((of) => (rounds.length === 0 ? "" : of(rounds, attack)));
  return [attack.name, ...cells, complaintsOf(found).join("; ")];
}

/** Returns a line of a table in Markdown. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map((words) => words.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

/** The text below the table. */
export function summary(all: readonly Found[]): string {
  const whole = all.filter(({ rounds }) => rounds.length > 0);
  const worse = (beside: Beside) =>
    whole
      .map(({ attack, rounds }) => ({ attack, share: worseThan(beside, rounds) }))
      .filter(({ share }) => !(share <= MAX_WORSE))
      .map(({ attack, share }) => `${attack.name} (${percent(share)})`)
      .join(", ");
  const failed = all.filter((found) => complaintsOf(found).length > 0);
  const limit = `More than ${MAX_WORSE * 100} % worse than`;
  return [
    `${limit} the control: ${worse("control") || "none"}.`,
    `${limit} idle: ${worse("idle") || "none"}.`,
    `Failed: ${failed.map(({ attack }) => attack.name).join(", ") || "none"} of ${all.length}.`,
  ].join("\n\n");
}

function percent(share: number): string {
  return `${signed(share * 100)} %`;
}

function signed(value: number): string {
  const whole = Math.round(value);
  return whole > 0 ? `+${whole}` : String(whole);
}
