// Writes the tables of docs/evidence/faults.md from the code: `node test/faults/docs.ts`.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { RULES } from "./checker/rules.ts";
import {
  EMBEDDED,
  EVERYSEC,
  EXTERNAL,
  REPLICAS,
  SENTINEL,
  type TestedEnvironment,
} from "./kinds/catalog.ts";
import type { Environment } from "./rig/environment.ts";

export const PAGE = resolve(import.meta.dirname, "../../docs/evidence/faults.md");

function rowsOf<W extends Environment>({ environment, kinds }: TestedEnvironment<W>): string[] {
  return kinds.map(({ name, words }) => `| ${environment} | \`${name}\` | ${words} |`);
}

/** The page with its tables as the code has them. */
export function withTables(page: string): string {
  const faults = [
    "| environment | fault | what happens |",
    "|---|---|---|",
    ...rowsOf(EXTERNAL),
    ...rowsOf(EVERYSEC),
    ...rowsOf(EMBEDDED),
    ...rowsOf(SENTINEL),
    ...rowsOf(REPLICAS),
  ];
  const rules = [
    "| rule | |",
    "|---|---|",
    ...Object.entries(RULES).map(([rule, words]) => `| \`${rule}\` | ${words} |`),
  ];
  return filled(filled(page, "faults", faults), "rules", rules);
}

function filled(page: string, name: string, lines: readonly string[]): string {
  const mark = `<!-- ${name} -->\n`;
  const [before, after] = page.split(mark) as [string, string];
  const next = after.search(/^## /m);
  return `${before}${mark}\n${lines.join("\n")}\n\n${after.slice(next)}`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8")));
}
