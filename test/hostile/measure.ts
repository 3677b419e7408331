// `node test/hostile/measure.ts`: each attack on a server of its own, and what it did to others,
// beside a harmless load of the same CPU.

import { fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Attack } from "./attack.ts";
import { SLACK_MIB } from "./attack.ts";
import { ATTACKS } from "./catalog.ts";
import type { ControlOrder } from "./control-load.ts";
import { cpuMs } from "./process-figures.ts";
import { type Latencies, SteadyClient } from "./steady-client.ts";
import { FULL_QUEUE, startTarget } from "./target-server.ts";
import { heldMore, runTrial, type Trial } from "./trial.ts";

const HELP = `Measures what hostile input does to a server and to its other clients.

  node test/hostile/measure.ts [--only NAME]... [--seconds S] [--rounds N]

  --only NAME     some attacks only: ${ATTACKS.map(({ name }) => name).join(", ")}
  --seconds S     how long each attack and each control lasts. Default 4
  --rounds N      how often: the medians are shown. Default 3
  --due MIB       due messages for those who take streams and don't read. Default 64
  --help          this

Columns: p99 of a client that sends 100 times a second, in ms: with nothing else (idle), beside a
harmless process that takes as much CPU of itself and of the server (control), and under attack;
the worst that the attack is beyond the control; the longest hold-up of the event loop, ms; memory
before and most, and its bound, MiB; CPU of the server and the attacker, ms a second; handles
before and after; how long until the server held no more than before, ms.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    due: { type: "string", default: "64" },
    help: { type: "boolean", short: "h" },
  },
});

interface Measured {
  readonly idle: Latencies;
  readonly control: Latencies;
  readonly trial: Trial;
}

const CONTROL = new URL("./control-load.ts", import.meta.url);

async function measureOne(attack: Attack, lastsMs: number, dueMiB: number): Promise<Measured> {
  const server = await startTarget(dueMiB);
  const steady = new SteadyClient(server.grpcAddress);
  try {
    await delay(1_000); // what is compiled at first use must not count
    await steady.take();
    const cpuBefore = cpuMs(server.pid);
    await delay(lastsMs);
    const idle = await steady.take();
    const ofSteady = ((cpuMs(server.pid) - cpuBefore) / lastsMs) * 1_000;
    const limits = { lastsMs, setUpWithinMs: 20_000, recoversWithinMs: 30_000 };
    const trial = await runTrial(server, steady, attack, FULL_QUEUE, limits);
    const order = {
      grpc: server.grpcAddress,
      serverPid: server.pid,
      serverCpu: Math.max(trial.serverCpu, ofSteady),
      ownCpu: trial.attackerCpu,
    };
    const control = await beside(order, steady, lastsMs);
    return { idle, control, trial };
  } finally {
    await steady.end();
    await server.stop();
  }
}

async function beside(order: ControlOrder, steady: SteadyClient, lastsMs: number) {
  const child = fork(CONTROL, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    child.send(order);
    await delay(1_000);
    await steady.take();
    await delay(lastsMs);
    return await steady.take();
  } finally {
    child.kill();
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function row(attack: Attack, rounds: readonly Measured[]): string {
  const of = (figure: (one: Measured) => number) => median(rounds.map(figure));
  const most = (figure: (one: Measured) => number) => Math.max(...rounds.map(figure));
  const control = of((one) => one.control.p99Ms);
  const attacked = of((one) => one.trial.latencies.p99Ms);
  const worse = Math.round((attacked / control - 1) * 100);
  const held = rounds.flatMap(({ trial }) => heldMore(trial.before, trial.after));
  const failures = most((one) => one.trial.latencies.failures.length);
  const cells = [
    of((one) => one.idle.p99Ms).toFixed(1),
    control.toFixed(1),
    attacked.toFixed(1),
    `${worse > 0 ? "+" : ""}${worse} %`,
    most(({ trial }) => trial.heldUpMs).toFixed(0),
    `${of(({ trial }) => trial.beforeMiB).toFixed(0)} → ${most(({ trial }) => trial.mostMiB).toFixed(0)}`,
    `+${Math.round(attack.memoryMiB + SLACK_MIB)}`,
    of(({ trial }) => trial.serverCpu).toFixed(0),
    of(({ trial }) => trial.attackerCpu).toFixed(0),
    `${most(({ trial }) => trial.before.handles)} → ${most(({ trial }) => trial.after.handles)}`,
    most(({ trial }) => trial.recoveredMs).toFixed(0),
    held.length > 0
      ? `holds more: ${[...new Set(held)]}`
      : failures > 0
        ? `${failures} failed`
        : "",
  ];
  return `| ${attack.name} | ${cells.join(" | ")} |`;
}

const HEAD = `| attack | idle p99 | control p99 | attack p99 | worse | hold-up | memory | bound | CPU server | CPU attacker | handles | back after | |
|---|---|---|---|---|---|---|---|---|---|---|---|---|`;

async function main(): Promise<void> {
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const chosen = ATTACKS.filter(({ name }) => values.only?.includes(name) ?? true);
  const lastsMs = Number(values.seconds) * 1_000;
  process.stdout.write(`${HEAD}\n`);
  for (const attack of chosen) {
    const rounds: Measured[] = [];
    try {
      for (let round = 0; round < Number(values.rounds); round++) {
        rounds.push(await measureOne(attack, lastsMs, Number(values.due)));
      }
      process.stdout.write(`${row(attack, rounds)}\n`);
    } catch (error) {
      process.exitCode = 1;
      process.stdout.write(`| ${attack.name} | failed: ${String(error).split("\n")[0]} |\n`);
    }
  }
}

await main();
