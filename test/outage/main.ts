// `npm run outage`: clients without the service for ten minutes. Nothing may be lost or doubled.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { UsageError } from "../support/command-line.ts";
import { installClients } from "./install.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { runOutage } from "./outage.ts";
import { table } from "./report.ts";

const print = (text: string) => void process.stdout.write(`${text}\n`);

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
}

async function main({ plan, keep, help }: Options): Promise<void> {
  if (help) return print(HELP);
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  const { signal } = interrupted;
  const folder = keep === undefined ? await mkdtemp(join(tmpdir(), "dlq-outage-")) : resolve(keep);
  await mkdir(folder, { recursive: true });
  const languages = await installClients(folder);
  print(`Histories and spools are in ${folder}`);
  const reports = await runOutage(plan, { languages, folder, print, signal });
  print(`\n${table(reports)}\n`);
  const faults = reports.flatMap(({ language, verdict }) =>
    verdict.faults.map((fault) => `${language}: ${fault}`),
  );
  for (const fault of faults) print(fault);
  if (faults.length > 0) {
    process.exitCode = 1;
    return print(`The promises do not hold: see above, and the histories in ${folder}.`);
  }
  print("Each send that was kept was processed as one message.");
  if (keep === undefined) await rm(folder, { recursive: true });
}
