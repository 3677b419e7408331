import { join, resolve } from "node:path";
import { findAgents } from "../../contract/agent-program.ts";
import { findPython } from "../../support/python.ts";

/** The command of an actor, without its `--name value` arguments. */
export interface ActorProgram {
  readonly command: readonly string[];
  /** Working folder. Default: that of the suite. */
  readonly folder?: string;
  /** Default: that of the suite. */
  readonly env?: NodeJS.ProcessEnv;
}

const ACTORS = resolve(import.meta.dirname, "../actors");
const PYTHON_CLIENT = resolve(import.meta.dirname, "../../../clients/python/src");

/** @param file below test/faults/actors */
export function inTypeScript(file: string): ActorProgram {
  return { command: [process.execPath, join(ACTORS, file)] };
}

/** @param file below test/faults/actors/python */
export function inPython(file: string): ActorProgram {
  return {
    command: [findPython(), join(ACTORS, "python", file)],
    env: { ...process.env, PYTHONPATH: PYTHON_CLIENT, GRPC_VERBOSITY: "NONE" },
  };
}

/** Languages whose agent is built. An agent is also a producer and a worker with the client of its language. */
export function builtLanguages(): readonly string[] {
  return findAgents().flatMap(({ language, isBuilt }) => (isBuilt === undefined ? [] : language));
}

/** Languages whose agent is not built. */
export function missingLanguages(): readonly string[] {
  return findAgents().flatMap(({ language, isBuilt }) => (isBuilt === false ? language : []));
}

export function byAgent(language: string, role: "producer" | "worker"): ActorProgram {
  const agent = findAgents().find((one) => one.language === language);
  if (agent === undefined) throw new Error(`there is no agent of ${language}`);
  return { command: [...agent.command, role], folder: agent.folder, env: agent.env };
}
