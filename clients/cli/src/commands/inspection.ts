import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addCount } from "./count.ts";
import { addDeleted } from "./deleted.ts";
import { addExplain } from "./explain.ts";
import { addGroup } from "./group.ts";
import { addGroups } from "./groups.ts";
import { addLs } from "./ls.ts";
import { addQueues } from "./queues.ts";
import { addShow } from "./show.ts";
import { addStats } from "./stats.ts";
import { addTail } from "./tail.ts";
import { addTop } from "./top.ts";
import { addWorkers } from "./workers.ts";

/** Adds the commands that look at queues, groups and messages. Only `group` can change something: the state of a group. */
export function addInspection(program: Command, withRun: WithRun): void {
  program.commandsGroup("Look:");
  const all = [
    ...[addQueues, addGroups, addGroup, addLs, addShow, addCount, addDeleted],
    ...[addExplain, addWorkers, addStats, addTop, addTail],
  ];
  for (const add of all) add(program, withRun);
}
