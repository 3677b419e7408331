// Writes the table of faults of docs/evidence/faults.md from the code: `node test/faults/docs.ts`.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { EMBEDDED, EVENTS, EVERYSEC, EXTERNAL, REPLICAS, SENTINEL } from "./kinds/catalog.ts";

export const PAGE = resolve(import.meta.dirname, "../../docs/evidence/faults.md");

/** One row a kind of fault, with the environments that have it. */
function faultRows(): string[] {
  const environmentsOf = new Map<string, string[]>();
  for (const { environment, kinds } of [EXTERNAL, EVERYSEC, EMBEDDED, SENTINEL, REPLICAS, EVENTS]) {
    for (const { name, words } of kinds) {
      const fault = `| \`${name}\` | ${words} |`;
      environmentsOf.set(fault, [...(environmentsOf.get(fault) ?? []), environment]);
    }
  }
  return [...environmentsOf].map(
    ([fault, environments]) => `${fault} ${environments.join(", ")} |`,
  );
}

/** The page with the faults of the code. */
export function withFaults(page: string): string {
  const lines = ["| fault | what happens | environments |", "|---|---|---|", ...faultRows()];
  const mark = "<!-- faults -->\n";
  const [before, after] = page.split(mark) as [string, string];
  const next = after.search(/^## /m);
  return `${before}${mark}\n${lines.join("\n")}\n\n${after.slice(next)}`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(PAGE, withFaults(readFileSync(PAGE, "utf8")));
}
