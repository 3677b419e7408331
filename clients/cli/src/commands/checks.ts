import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addContext } from "./context.ts";
import { addDoctor } from "./doctor.ts";
import { addPolicy } from "./policy.ts";
import { addRules } from "./rules.ts";

/** Adds the commands that try settings, check a deployment, and set up this program. */
export function addChecks(program: Command, withRun: WithRun): void {
  program.commandsGroup("Try and check:");
  for (const add of [addRules, addPolicy, addDoctor]) add(program, withRun);
  program.commandsGroup("Set up:");
  addContext(program, withRun);
}
