import type { Json } from "../json.ts";
import type { Play } from "../play.ts";
import { AGENT_ACTIONS, type AgentAction, type HarnessAction, type Step } from "../scenario.ts";
import { askAgent } from "./agent.ts";
import {
  expectCalls,
  expectEvent,
  expectNone,
  expectResult,
  expectStored,
} from "./expectations.ts";
import { expectSpooled, writeSpoolFile } from "./spool.ts";
import { changeAgent, changeLink, changeQueue, changeServer, pass } from "./surroundings.ts";

/** Does what a step of the harness says. @throws where something is not as it should be */
export type TakeStep = (given: Json, play: Play) => Promise<void>;

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
  wait_ms: pass,
};

export async function takeStep({ action, given }: Step, play: Play): Promise<void> {
  if (isOfAgent(action)) await askAgent(action, given, play);
  else await HARNESS_STEPS[action](given, play);
}

function isOfAgent(action: Step["action"]): action is AgentAction {
  return (AGENT_ACTIONS as readonly string[]).includes(action);
}
