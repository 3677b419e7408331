// `node test/hostile/measure.ts`: what each attack costs others, and whether it kept its bounds.

import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Attack } from "./attack.ts";
import { ATTACKS } from "./catalog.ts";
import { type Measured, measureOne } from "./measurement.ts";
import { complaintsOf, type Found, HEAD, row, summary } from "./report.ts";

const HELP = `Measures what hostile input does to a server and to its other clients.

  node test/hostile/measure.ts [--only NAME]... [--seconds S] [--rounds N] [--report FILE]

  --only NAME     some attacks only: ${ATTACKS.map(({ name }) => name).join(", ")}
  --seconds S     how long each attack and each control lasts. Default 4
  --rounds N      how often: the medians are shown. Default 3
  --due MIB       due messages for those who take streams and don't read. Default 192
  --report FILE   writes the table there too
  --help          this

Columns: p99 of a client that sends 100 times a second, in ms: with nothing else (idle), beside a
harmless process that takes as much CPU of itself and of the server (control), and under attack;
how much worse the attack is than each of the two. The control excuses whatever costs the server
much CPU: compare with idle, and see how much CPU of the server one of the attacker's buys. Then
the longest hold-up of the event loop, ms; what the server held more of live memory at the attack's
end, and of RAM at most, with their bounds, MiB; CPU of the server and the attacker, ms a second;
how long until the server held no more than before, ms.

Exit code 1: somebody else's call failed, something was leaked, memory was above its bound, or an
attack did less than it states. Latency alone fails nothing here: it is listed below the table.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    due: { type: "string", default: "192" },
    report: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});

function chosen(): readonly Attack[] {
  const names = values.only ?? ATTACKS.map(({ name }) => name);
  return names.map((name) => {
    const found = ATTACKS.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no attack ${name}`);
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

/** Figures are of a machine: on a busy one they mean little. */
function machine(): string {
  const load = loadavg()[0]?.toFixed(1);
  const each = `${values.rounds} rounds of ${values.seconds} s each`;
  return `${availableParallelism()} cores, load ${load} at the beginning, ${each}.`;
}

async function main(): Promise<void> {
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const parts: string[] = [];
  const say = (words: string) => {
    parts.push(words);
    process.stdout.write(words);
  };
  say(`${machine()}\n\n${HEAD}\n`);
  const all: Found[] = [];
  for (const attack of chosen()) {
    const found = await measure(attack);
    all.push(found);
    say(`${row(found)}\n`);
  }
  say(`\n${summary(all)}\n`);
  if (values.report !== undefined) writeFileSync(values.report, parts.join(""));
  if (all.some((found) => complaintsOf(found).length > 0)) process.exitCode = 1;
}

await main();
