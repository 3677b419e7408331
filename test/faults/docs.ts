// Writes the tables of docs/evidence/faults.md from the code: `node test/faults/docs.ts`.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { RULES } from "./checker/rules.ts";
import { EMBEDDED, EVERYSEC, EXTERNAL, REPLICAS, SENTINEL } from "./kinds/catalog.ts";

export const PAGE = resolve(import.meta.dirname, "../../docs/evidence/faults.md");

/** One row a kind of fault, with the environments that have it. */
function faultRows(): string[] {
  const environmentsOf = new Map<string, string[]>();
  for (const { environment, kinds } of [EXTERNAL, EVERYSEC, EMBEDDED, SENTINEL, REPLICAS]) {
    for (const { name, words } of kinds) {
      const fault = `| \`${name}\` | ${words} |`;
      environmentsOf.set(fault, [...(environmentsOf.get(fault) ?? []), environment]);
    }
  }
  return [...environmentsOf].map(
    ([fault, environments]) => `${fault} ${environments.join(", ")} |`,
  );
}

/** The page with its tables as the code has them. */
export function withTables(page: string): string {
  const faults = ["| fault | what happens | environments |", "|---|---|---|", ...faultRows()];
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
