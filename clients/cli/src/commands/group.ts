import type { Command } from "commander";
import {
  GetGroupResponseSchema,
  UpdateGroupResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { GroupState } from "../../../../gen/dlq/v1/group_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { groupLines, groupStateName } from "../output/group-lines.ts";
import { messageLines } from "../output/message-lines.ts";
import type { Run } from "../run.ts";

interface Options {
  readonly resolve?: true;
  readonly archive?: true;
  readonly open?: true;
  readonly note?: string;
  readonly payload?: true;
  readonly stack?: true;
}

/** Adds `group`: one group with its latest message, and what to set of it. */
export function addGroup(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "group <id>",
    summary: "Show one group of alike failures with its latest message, or set its state",
    details:
      "ID may be the first six or more digits. A resolved group that fails again is REGRESSED; an archived one is left out of lists. Messages stay as they are: retry them with `dlq retry QUEUE --group ID --expect COUNT`.",
    examples: [
      ["dlq group 01f3a8", "why it is a group, its trend, and the message that failed last"],
      ["dlq group 01f3a8 --resolve --note 'fixed in 2.1'", "say that it is repaired"],
      ["dlq group 01f3a8 --archive", "hide it"],
    ],
    options: (command) =>
      command
        .option("--resolve", "say that it is repaired")
        .option("--archive", "leave it out of lists")
        .option("--open", "take that back")
        .option("--note <text>", "why, with one of these three")
        .option("-p, --payload", "print payload and attributes of the latest message")
        .option("--stack", "print its stack traces"),
    run: async (run, options, [id = ""]) => {
      const state = stateOf(options);
      if (state === undefined) await show(run, id, options);
      else await update(run, id, state, options.note);
    },
  });
}

async function show(run: Run, id: string, { payload, stack }: Options): Promise<void> {
  const { print } = run;
  const answer = await lookUp("group", id, run.admin.getGroup({ id }, run.call));
  if (!print.isTable) {
    print.message(GetGroupResponseSchema, answer);
    return;
  }
  const { group, latest } = answer;
  const times = print.times();
  const parts = { payload: payload === true, stack: stack === true, width: print.width };
  print.lines([
    ...(group ? groupLines(group, times, print.style, print.width) : []),
    "",
    print.style.heading("LATEST MESSAGE"),
    ...(latest ? messageLines(latest, times, print.style, parts) : ["It is gone."]),
  ]);
}

async function update(run: Run, id: string, state: GroupState, note = ""): Promise<void> {
  const { print } = run;
  const call = run.admin.updateGroup({ id, state, note }, run.call);
  const answer = await lookUp("group", id, call);
  if (!print.isTable) print.message(UpdateGroupResponseSchema, answer);
  else print.lines([`${answer.group?.id} is ${groupStateName(answer.group?.state ?? 0)}.`]);
}

/** Undefined: nothing is to be set. @throws {CliError} for two states, or a note alone */
function stateOf({ resolve, archive, open, note }: Options): GroupState | undefined {
  const states = [
    ...(resolve === true ? [GroupState.RESOLVED] : []),
    ...(archive === true ? [GroupState.ARCHIVED] : []),
    ...(open === true ? [GroupState.OPEN] : []),
  ];
  if (states.length > 1) throw usageError("give one of --resolve, --archive and --open");
  if (states.length === 0 && note !== undefined) {
    throw usageError("--note needs --resolve, --archive or --open");
  }
  return states[0];
}
