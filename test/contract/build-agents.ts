// Builds the agents of all languages, or of those that are named, before the tests that run them. With --bench, for the
// bench.

import { parseArgs } from "node:util";
import { findAgents } from "./agent-program.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bench: { type: "boolean" } },
});
const agents = findAgents(values.bench === true ? "bench" : "test");
for (const { language, isBuilt, ready } of agents) {
  if (isBuilt === undefined) continue; // needs no build
  if (positionals.length > 0 && !positionals.includes(language)) continue;
  process.stderr.write(`Building the agent of ${language}\n`);
  const startedAtMs = performance.now();
  try {
    await ready();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  if (seconds > 1) process.stderr.write(`It took ${seconds.toFixed(1)} s\n`);
}
