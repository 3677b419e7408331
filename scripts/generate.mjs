// `npm run generate`: writes gen/ and the stubs of the clients from proto/.

import { spawnSync } from "node:child_process";
import { generateCommands } from "./checks/generated.mjs";
import { ensureGoPlugins } from "./setup/go-tools.mjs";
import { ensureJavaTools } from "./setup/java-tools.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRustPlugins, withPlugins } from "./setup/rust-tools.mjs";
import { withWords } from "./setup/step.mjs";

await withWords(async () => {
  ensureGoPlugins();
  await ensureJavaTools();
  ensureRustPlugins();
});
if (process.exitCode) process.exit();
const env = withPlugins(process.env);
for (const [command = "", ...args] of generateCommands(ROOT)) {
  // npm puts node_modules/.bin first in PATH.
  const { status, error } = spawnSync(command, args, { cwd: ROOT, env, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
