// `npm run bench`: sets up what the chosen rows need, and measures. Rows whose tools can't be installed fail; the others run.
// `npm run bench -- --help` lists the options.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildBenchAgent } from "./setup/agents.mjs";
import { ensureBullmq } from "./setup/bench-peers.mjs";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import {
  ensureGhz,
  ensureGo,
  ensureGoPeers,
  ensureNatsServer,
  removeGoLeftovers,
} from "./setup/go-tools.mjs";
import { ensureJava } from "./setup/java.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT } from "./setup/places.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { ensureRust, withCargo } from "./setup/rust.mjs";
import { runScript, SetupError } from "./setup/step.mjs";

const MAIN = join(ROOT, "test/bench/main.ts");

/** By the names that `--tools` of the bench prints. @type {Record<string, (node: string, env: NodeJS.ProcessEnv) => void>} */
const TOOLS = {
  ghz: ensureGhz,
  bullmq: ensureBullmq,
  "go-peers": ensureGoPeers,
  "nats-server": ensureNatsServer,
  python: (_node, env) => {
    env.DLQ_PYTHON = ensurePython();
  },
  "go-client": (node, env) => {
    env.DLQ_GO = ensureGo();
    buildBenchAgent("go", node, env);
  },
  "java-client": (node, env) => {
    ensureJava();
    buildBenchAgent("java", node, env);
  },
  "rust-client": (node, env) => {
    ensureRust();
    buildBenchAgent("rust", node, env);
  },
};

await runScript(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = withCargo(envWithFirst(node));
  const asked = spawnSync(node, [MAIN, ...args, "--tools"], { env, encoding: "utf8" });
  const isQuestion = args.some((arg) => ["--help", "-h", "--list"].includes(arg));
  if (asked.status === 0 && !isQuestion) {
    env.DLQ_REDIS_SERVER = ensureRedisServer();
    for (const tool of JSON.parse(asked.stdout)) provide(tool, node, env);
    removeGoLeftovers();
  }
  process.exitCode = await runChild(node, [MAIN, ...args], env);
});

/** @param {string} tool @param {string} node @param {NodeJS.ProcessEnv} env */
function provide(tool, node, env) {
  try {
    TOOLS[tool]?.(node, env);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const [reason = "", ...more] = error.message.split("\n").filter((line) => line !== "");
    process.stderr.write(
      `${tool} was not set up, its rows will fail: ${reason} ${more.at(-1) ?? ""}\n`,
    );
  }
}
