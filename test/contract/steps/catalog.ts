import type { Json } from "../json.ts";
import { AGENT_ACTIONS, type AgentAction, type HarnessAction, type Step } from "../scenario.ts";
import type { ScenarioRun } from "../scenario-run.ts";
import { askAgent } from "./agent.ts";
import {
  changeAgent,
  changeLink,
  changeQueue,
  changeServer,
  damage,
  pass,
  repair,
} from "./changes.ts";
import {
  expectCalls,
  expectEvent,
  expectNone,
  expectResult,
  expectStored,
} from "./expectations.ts";
import { expectSpooled, writeSpoolFile } from "./spool.ts";

/** Runs a step of the harness. @throws Error if an expectation fails */
export type TakeStep = (given: Json, run: ScenarioRun) => Promise<void>;

const HARNESS_STEPS: Readonly<Record<HarnessAction, TakeStep>> = {
  expect: expectResult,
  event: expectEvent,
  none: expectNone,
  stored: expectStored,
  calls: expectCalls,
  spooled: expectSpooled,
  spool_file: writeSpoolFile,
  server: changeServer,
  link: changeLink,
  agent: changeAgent,
  queue: changeQueue,
  damage,
  repair,
  wait_ms: pass,
};

export async function takeStep({ action, given }: Step, run: ScenarioRun): Promise<void> {
  if (isOfAgent(action)) await askAgent(action, given, run);
  else await HARNESS_STEPS[action](given, run);
}

function isOfAgent(action: Step["action"]): action is AgentAction {
  return (AGENT_ACTIONS as readonly string[]).includes(action);
}
