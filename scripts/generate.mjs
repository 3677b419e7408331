// `npm run generate`: writes gen/, the stubs of the clients, and the types of events in the docs.

import { spawnSync } from "node:child_process";
import { generateCommands } from "./checks/generated.mjs";
import { writeEventTypes } from "./docs/event-types.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensurePlugins } from "./setup/plugins.mjs";
import { runScript } from "./setup/step.mjs";

await runScript(ensurePlugins);
if (process.exitCode) process.exit();
for (const [command = "", ...args] of generateCommands(ROOT)) {
  // npm puts node_modules/.bin first in PATH.
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
writeEventTypes();
