// `npm run soak`, `npm run outage`, `npm run test:faults`: sets up what one suite of test/ needs, and runs
// its main.ts. With `-- --help` it shows the options of the suite.

import { join } from "node:path";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT } from "./setup/places.mjs";
import { runScript } from "./setup/step.mjs";
import { setUp } from "./tests/tools.mjs";

const SETS_UP_NOTHING = ["--help", "-h", "--list"];

await runScript(async () => {
  const [suite = "", ...args] = process.argv.slice(2);
  const main = `test/${suite}/main.ts`;
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const isQuestion = args.some((arg) => SETS_UP_NOTHING.includes(arg));
  const env = isQuestion ? envWithFirst(node) : setUp(node, [main]).env;
  process.exitCode = await runChild(node, [join(ROOT, main), ...args], env);
});
