// `npm test`: sets up what is missing, checks, tests, runs the fault suite, counts. With arguments
// (`npm test -- test/core`) it runs only those tests. The last line is the count.

import { runChecks } from "./checks/checks.mjs";
import { runFaults } from "./checks/faults.mjs";
import { runTests } from "./checks/tests.mjs";
import { buildAgents } from "./setup/agents.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { goPath } from "./setup/go-tools.mjs";
import { ensureGrpcurl } from "./setup/grpcurl.mjs";
import { needsOf } from "./setup/needs.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ensureOldestNode } from "./setup/oldest-node.mjs";
import { envWithFirst } from "./setup/places.mjs";
import { ensurePlugins } from "./setup/plugins.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withCargo } from "./setup/rust.mjs";
import { withWords } from "./setup/step.mjs";
import { ensureToolchains, leavingOut } from "./setup/toolchains.mjs";

await withWords(() => {
  const args = process.argv.slice(2);
  const isWhole = args.length === 0;
  const needs = needsOf(args);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const tools = {
    ...withCargo(envWithFirst(node)),
    DLQ_REDIS_SERVER: ensureRedisServer(),
    DLQ_PYTHON: ensurePython(),
    DLQ_GRPCURL: ensureGrpcurl(),
    DLQ_OLDEST_NODE: ensureOldestNode(),
  };
  const leftOut = ensureToolchains(needs.languages);
  if (isWhole) ensurePlugins(leftOut); // the check of generated code runs them
  const given = { ...tools, ...goPath(), ...leavingOut(leftOut) };
  const env = needs.agents ? { ...given, ...buildAgents(node, given) } : given;

  const none = { passed: 0, failed: 0 };
  const checks = isWhole ? runChecks(env, leftOut) : none;
  const tests = runTests(node, args, env);
  const faults = isWhole ? runFaults(node, env) : none;
  const passed = checks.passed + tests.passed + faults.passed;
  const failed = checks.failed + tests.failed + faults.failed;
  if (tests.passed + tests.failed === 0) process.stdout.write("No test ran.\n");
  if (failed > 0 || tests.passed === 0) process.exitCode = 1;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
});
