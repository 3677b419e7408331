// Builds the agents of all languages, and says what it does: once, before tests that would each do
// it by themselves, and wait for each other. The fault suite and the bench run the same programs.

import { findAgents } from "./agent-program.ts";

for (const { language, isBuilt, ready } of findAgents()) {
  if (isBuilt === undefined) continue; // it runs as it is
  const startedAtMs = performance.now();
  process.stderr.write(`Building the agent of ${language}\n`);
  try {
    await ready();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  if (seconds > 1) process.stderr.write(`It took ${seconds.toFixed(1)} s\n`);
}
