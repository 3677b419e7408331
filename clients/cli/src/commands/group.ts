import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  GetGroupResponseSchema,
  UpdateGroupResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { GroupState } from "../../../../gen/dlq/v1/group_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { groupLines, groupStateText } from "../output/group-lines.ts";
import { messageLines } from "../output/message-lines.ts";
import { storeTimeMs } from "../reads/store-time.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import { parseFutureTime } from "../values/time.ts";

interface Options {
  readonly resolve?: true;
  readonly archive?: true;
  readonly open?: true;
  readonly note?: string;
  readonly until?: string;
  readonly untilCount?: number;
  readonly link?: string;
  readonly payload?: true;
  readonly stack?: true;
}

/** The service's limit. */
const MOST_FAILURES = 1_000_000_000;

/** Adds `group`: one group with its latest message, and what to set of it. */
export function addGroup(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "group <id>",
    summary: "Show one group of alike failures with its latest message, or set its state",
    details:
      "ID may be the first six or more digits. A resolved group that fails again is REGRESSED; an archived one is left out of lists, and with --until or --until-count it opens again by itself, at what comes first. Messages stay as they are: retry them with `dlq retry QUEUE --group ID --expect COUNT`.",
    examples: [
      ["dlq group 01f3a8", "why it is a group, its trend, and the message that failed last"],
      ["dlq group 01f3a8 --resolve --note 'fixed in 2.1'", "say that it is repaired"],
      ["dlq group 01f3a8 --archive --until 2h --until-count 100", "hide it for now"],
      [
        "dlq group 01f3a8 --open --link https://issues.example/4711",
        "name the issue in which its repair is tracked",
      ],
    ],
    options: (command) =>
      command
        .option("--resolve", "say that it is repaired")
        .option("--archive", "leave it out of lists")
        .option("--open", "take that back")
        .option("--note <text>", "why, with one of these three")
        .option("--link <url>", "its issue or another page, with one of these three; '' removes it")
        .option("--until <time>", "with --archive: how long, such as 2h, or until when")
        .option(
          "--until-count <count>",
          "with --archive: until it has failed so often again",
          parseCount(1, MOST_FAILURES),
        )
        .option("-p, --payload", "print payload and attributes of the latest message")
        .option("--stack", "print its stack traces"),
    run: async (run, options, [id = ""]) => {
      const state = stateOf(options);
      if (state === undefined) await show(run, id, options);
      else await update(run, id, state, options);
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

async function update(run: Run, id: string, state: GroupState, options: Options): Promise<void> {
  const { print } = run;
  const { note = "", until, untilCount = 0, link } = options;
  const untilMs = until === undefined ? undefined : parseFutureTime(until, await storeTimeMs(run));
  const call = run.admin.updateGroup(
    {
      ...{ id, state, note, archivedUntilCount: untilCount },
      ...(untilMs !== undefined && { archivedUntilTime: timestampFromMs(untilMs) }),
      ...(link !== undefined && { link }),
    },
    run.call,
  );
  const answer = await lookUp("group", id, call);
  const { group } = answer;
  if (!print.isTable) print.message(UpdateGroupResponseSchema, answer);
  else if (group !== undefined)
    print.lines([`${group.id} is ${groupStateText(group, print.times())}.`]);
}

/** Undefined: nothing is to be set. @throws {CliError} for two states, and for options without the state that they need */
function stateOf(options: Options): GroupState | undefined {
  const { resolve, archive, open, note, link, until, untilCount } = options;
  const states = [
    ...(resolve === true ? [GroupState.RESOLVED] : []),
    ...(archive === true ? [GroupState.ARCHIVED] : []),
    ...(open === true ? [GroupState.OPEN] : []),
  ];
  if (states.length > 1) throw usageError("give one of --resolve, --archive and --open");
  const isAlone = states.length === 0;
  if (isAlone && note !== undefined)
    throw usageError("--note needs --resolve, --archive or --open");
  if (isAlone && link !== undefined)
    throw usageError("--link needs --resolve, --archive or --open");
  if (archive !== true && (until !== undefined || untilCount !== undefined))
    throw usageError("--until and --until-count need --archive");
  return states[0];
}
