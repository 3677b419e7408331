// `npm test`: sets up what is missing, checks, tests, runs the fault suite, counts. With arguments
// (`npm test -- test/core`) it runs only those tests. The last line is the count.

import { runChecks } from "./checks/checks.mjs";
import { runFaults } from "./checks/faults.mjs";
import { runTests } from "./checks/tests.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureGo, ensureGoPlugins } from "./setup/go-tools.mjs";
import { ensureGrpcurl } from "./setup/grpcurl.mjs";
import { ensureJava } from "./setup/java.mjs";
import { ensureJavaTools } from "./setup/java-tools.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ensureOldestNode } from "./setup/oldest-node.mjs";
import { envWithFirst } from "./setup/places.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { ensureRustPlugins, withCargo } from "./setup/rust-tools.mjs";
import { withWords } from "./setup/step.mjs";

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = {
    ...withCargo(envWithFirst(node)),
    DLQ_REDIS_SERVER: ensureRedisServer(),
    DLQ_PYTHON: ensurePython(),
    DLQ_GRPCURL: ensureGrpcurl(),
    DLQ_GO: ensureGo(),
    DLQ_OLDEST_NODE: ensureOldestNode(),
  };

  const isWhole = args.length === 0;
  ensureJava();
  if (isWhole) {
    // The check of generated code runs them.
    ensureGoPlugins();
    await ensureJavaTools();
    ensureRustPlugins();
  }
  const none = { passed: 0, failed: 0 };
  const checks = isWhole ? runChecks(env) : none;
  const tests = runTests(node, args, env);
  const faults = isWhole ? runFaults(node, env) : none;
  const passed = checks.passed + tests.passed + faults.passed;
  const failed = checks.failed + tests.failed + faults.failed;
  if (tests.passed + tests.failed === 0) process.stdout.write("No test ran.\n");
  if (failed > 0 || tests.passed === 0) process.exitCode = 1;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
});
