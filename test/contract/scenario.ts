// Reads clients/scenarios. Unknown keys and actions are errors.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { isMap, type Json, type JsonMap } from "./json.ts";

/** One step of a scenario. */
export interface Step {
  readonly action: Action;
  readonly given: Json;
}

/** A promise of the contract, as steps that every client plays. */
export interface Scenario {
  readonly name: string;
  /** Its file, without the extension. */
  readonly group: string;
  readonly about: string;
  /** Parts of the contract that a client must have to play it. */
  readonly needs: readonly string[];
  readonly steps: readonly Step[];
  /** It stops the server, damages its data, or kills the agent, so it can't share them. */
  readonly ownServer: boolean;
  readonly ownAgent: boolean;
}

/** Run by the agent, with its client. */
export const AGENT_ACTIONS = [
  ...["open", "send", "worker", "finish", "stop", "flush", "close", "call"],
] as const;

const HARNESS_ACTIONS = [
  ...["expect", "event", "none", "stored", "calls", "spooled", "spool_file"],
  ...["server", "link", "agent", "queue", "damage", "repair", "wait_ms"],
] as const;

export type AgentAction = (typeof AGENT_ACTIONS)[number];
export type HarnessAction = (typeof HARNESS_ACTIONS)[number];
export type Action = AgentAction | HarnessAction;

const FOLDER = resolve(import.meta.dirname, "../../clients/scenarios");
const ACTIONS: readonly string[] = [...AGENT_ACTIONS, ...HARNESS_ACTIONS];
const KEYS = ["name", "about", "needs", "steps"];
const NAME = /^[a-z0-9-]{1,60}$/;

/** All scenarios, in the order of their files. */
export function readScenarios(folder = FOLDER): readonly Scenario[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const scenarios = files.toSorted().flatMap((file) => {
    const list: unknown = parse(readFileSync(join(folder, file), "utf8"));
    if (!Array.isArray(list)) throw new Error(`${file} is no list of scenarios`);
    return list.map((one: unknown) => scenarioFrom(one, file.replace(/\.yaml$/, "")));
  });
  const names = scenarios.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two scenarios are called ${twice}`);
  return scenarios;
}

export function scenarioFrom(value: unknown, group: string): Scenario {
  if (!isMap(value)) throw new Error(`${group}: a scenario is a map`);
  const { name, about, needs = [], steps } = value;
  const where = `${group}, ${String(name)}`;
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`${where}: unknown key ${unknown}`);
  if (typeof name !== "string" || !NAME.test(name))
    throw new Error(`${where}: a name has only a-z, 0-9 and -`);
  if (typeof about !== "string") throw new Error(`${where}: about is missing`);
  if (!Array.isArray(steps) || steps.length === 0) throw new Error(`${where}: no steps`);
  const all = steps.map((step: unknown, at) => stepFrom(step, `${where}, step ${at + 1}`));
  const has = (action: Action) => all.some((step) => step.action === action);
  return {
    name,
    group,
    about,
    needs: needs as readonly string[],
    steps: all,
    ownServer: has("server") || has("damage"),
    ownAgent: has("agent"),
  };
}

function stepFrom(step: unknown, where: string): Step {
  if (!isMap(step)) throw new Error(`${where}: a step is a map`);
  const [action, ...others] = Object.keys(step as JsonMap);
  if (action === undefined || others.length > 0) throw new Error(`${where}: one action a step`);
  if (!ACTIONS.includes(action)) throw new Error(`${where}: unknown action ${action}`);
  return { action: action as Action, given: step[action] ?? null };
}
