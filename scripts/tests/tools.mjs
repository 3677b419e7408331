// Sets up what some test files need, and no more.

import { buildAgents } from "../setup/agents.mjs";
import { ensureGrpcurl, ensureNatsServer, goPath } from "../setup/go-tools.mjs";
import { ensureOldestNode } from "../setup/node-runtime.mjs";
import { envWithFirst } from "../setup/places.mjs";
import { ensurePromtool } from "../setup/promtool.mjs";
import { ensurePython } from "../setup/python.mjs";
import { ensureRedisServer } from "../setup/redis-server.mjs";
import { withCargo } from "../setup/rust.mjs";
import { ensureToolchains, LANGUAGES, leavingOut } from "../setup/toolchains.mjs";
import { needsOf } from "./needs.mjs";

/**
 * @param {string} node
 * @param {readonly string[]} files of tests, relative to the project
 * @returns {{ env: NodeJS.ProcessEnv, files: string[] }} the environment of the tests, and the files
 *   without those of languages that this machine has no tools for
 */
export function setUp(node, files) {
  const needs = needsOf(files);
  const agents = needs.has("agents");
  const leftOut = ensureToolchains(LANGUAGES.filter((name) => agents || needs.has(name)));
  const env = {
    ...withCargo(envWithFirst(node)),
    DLQ_REDIS_SERVER: ensureRedisServer(),
    ...(agents || needs.has("python") ? { DLQ_PYTHON: ensurePython() } : {}),
    ...(needs.has("grpcurl") ? { DLQ_GRPCURL: ensureGrpcurl() } : {}),
    ...(needs.has("promtool") ? { DLQ_PROMTOOL: ensurePromtool() } : {}),
    ...(needs.has("oldest-node") ? { DLQ_OLDEST_NODE: ensureOldestNode() } : {}),
    ...(agents || needs.has("go") ? goPath() : {}),
    ...leavingOut(leftOut),
  };
  if (needs.has("nats-server")) ensureNatsServer();
  if (agents) Object.assign(env, buildAgents(node, env));
  const isLeftOut = (/** @type {string} */ file) =>
    leftOut.some((language) => file.startsWith(`test/clients/${language}`));
  return { env, files: files.filter((file) => !isLeftOut(file)) };
}
