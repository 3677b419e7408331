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

export const HEAD = `| attack | idle p99 | control p99 | attack p99 | to idle | to control | block | live memory | RAM | CPU server | CPU attacker | server's for 1 of attacker's | back after | |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|`;

export function row(found: Found): string {
  const { attack, rounds } = found;
  const cells = rounds.length === 0 ? new Array<string>(12).fill("") : figures(attack, rounds);
  return `| ${[attack.name, ...cells, inCell(complaintsOf(found).join("; "))].join(" | ")} |`;
}

function figures(attack: Attack, rounds: readonly Measured[]): string[] {
  const of = (figure: (one: Measured) => number) => median(rounds.map(figure));
  const most = (figure: (one: Measured) => number) => Math.max(...rounds.map(figure));
  const live = most(({ trial }) => trial.liveMiB.during - trial.liveMiB.before);
  const rss = most(({ trial }) => trial.rssMiB.most - trial.rssMiB.before);
  return [
    of((one) => one.idle.p99Ms).toFixed(1),
    of((one) => one.control.p99Ms).toFixed(1),
    of((one) => one.trial.latencies.p99Ms).toFixed(1),
    percent(worseThan("idle", rounds)),
    percent(worseThan("control", rounds)),
    most(({ trial }) => trial.heldUpMs).toFixed(0),
    `${signed(live)} of ${(attack.memoryMiB + LIVE_SLACK_MIB).toFixed(0)}`,
    `${signed(rss)} of ${rssBoundMiB(attack).toFixed(0)}`,
    of(({ trial }) => trial.serverCpu).toFixed(0),
    of(({ trial }) => trial.attackerCpu).toFixed(0),
    of(({ trial }) => trial.serverCpu / trial.attackerCpu).toFixed(1),
    most(({ trial }) => trial.recoveredMs).toFixed(0),
  ];
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

function inCell(words: string): string {
  return words.replaceAll("|", "\\|").replaceAll("\n", " ");
}
