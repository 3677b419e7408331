// `node test/hostile/measure.ts`: measures what each attack costs other clients, and checks its limits.

import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { csvOf } from "../support/csv.ts";
import type { Attack } from "./attack.ts";
import { ATTACKS } from "./catalog.ts";
import { type Measured, measureOne } from "./measurement.ts";
import { cellsOf, complaintsOf, type Found, HEAD, row, summary } from "./report.ts";

const HELP = `Measures what hostile input does to a server and to its other clients.

  node test/hostile/measure.ts [--only NAME]... [--seconds S] [--rounds N] [--report FILE] [--csv FILE]

  --only NAME     only these attacks: ${ATTACKS.map(({ name }) => name).join(", ")}
  --seconds S     how long each attack and each control lasts. Default 4
  --rounds N      number of rounds; the table shows medians. Default 3
  --due MIB       due messages for attacks with unread streams. Default 192
  --report FILE   also write the table to a file, as Markdown
  --csv FILE      also write it as CSV
  --help          print this text

Columns: p99 in ms of a client that sends 100 times per second: without other load (idle), beside a
harmless process that uses as much CPU (control), and under attack; how much worse the attack is than
each. An attack that costs the server much CPU looks harmless beside the control, so compare with
idle, and with the CPU of the server for each unit of the attacker's. Then the longest block of the
event loop, ms; growth of live memory at the end of the attack and of RAM at its peak, with limits,
MiB; CPU of server and attacker, ms per second; time until the server held no more than before, ms.

Exit code 1: a call of another client failed, something leaked, memory was above its limit, or an
attack did less than its minimum. Latency does not fail the run: it is listed below the table.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    due: { type: "string", default: "192" },
    report: { type: "string" },
    csv: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});

function chosen(): readonly Attack[] {
  const names = values.only ?? ATTACKS.map(({ name }) => name);
  return names.map((name) => {
    const found = ATTACKS.find((one) => one.name === name);
    if (found === undefined) throw new Error(`unknown attack ${name}`);
    return found;
  });
}

async function measure(attack: Attack): Promise<Found> {
  const rounds: Measured[] = [];
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      rounds.push(await measureOne(attack, Number(values.seconds) * 1_000, Number(values.due)));
    }
    return { attack, rounds };
  } catch (error) {
    return { attack, rounds, broken: String(error).split("\n")[0] ?? "" };
  }
}

/** Describes the machine. On a busy one, figures mean little. */
function machine(): string {
  const load = loadavg()[0]?.toFixed(1);
  const each = `${values.rounds} rounds of ${values.seconds} s each`;
  return `${availableParallelism()} cores, load ${load} at the start, ${each}.`;
}

async function main(): Promise<void> {
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const parts: string[] = [];
  const show = (words: string) => {
    parts.push(words);
    process.stdout.write(words);
  };
  show(`${machine()}\n\n${row(HEAD)}\n|${"---|".repeat(HEAD.length)}\n`);
  const all: Found[] = [];
  for (const attack of chosen()) {
    const found = await measure(attack);
    all.push(found);
    show(`${row(cellsOf(found))}\n`);
  }
  show(`\n${summary(all)}\n`);
  if (values.report !== undefined) writeFileSync(values.report, parts.join(""));
  if (values.csv !== undefined) writeFileSync(values.csv, csvOf([HEAD, ...all.map(cellsOf)]));
  if (all.some((found) => complaintsOf(found).length > 0)) process.exitCode = 1;
}

await main();
