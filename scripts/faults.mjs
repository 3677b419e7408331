// `npm run test:faults`: sets up what the fault suite needs, and runs it. `-- --help` tells more.

import { join } from "node:path";
import { buildAgents } from "./setup/agents.mjs";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { goPath } from "./setup/go-tools.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT } from "./setup/places.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withCargo } from "./setup/rust.mjs";
import { withWords } from "./setup/step.mjs";
import { ensureToolchains, leavingOut } from "./setup/toolchains.mjs";

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = {
    ...withCargo(envWithFirst(node)),
    DLQ_REDIS_SERVER: ensureRedisServer(),
    DLQ_PYTHON: ensurePython(),
  };
  const onlyLooks = args.some((arg) => ["--help", "-h", "--list"].includes(arg));
  if (!onlyLooks) {
    Object.assign(env, leavingOut(ensureToolchains()), goPath());
    Object.assign(env, buildAgents(node, env));
  }
  process.exitCode = await runChild(node, [join(ROOT, "test/faults/main.ts"), ...args], env);
});
