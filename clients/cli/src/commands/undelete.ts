import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  type RefusedUndelete,
  UndeleteMode,
  UndeleteRefusal,
  type UndeleteResponse,
  UndeleteResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { countedText, countText } from "../output/numbers.ts";
import { requireQueues } from "../reads/known-queues.ts";
import type { Run } from "../run.ts";
import { idsOf } from "../values/ids.ts";
import { type PastTime, parsePastTime } from "../values/time.ts";

interface Options {
  readonly from?: PastTime;
  readonly to?: PastTime;
  readonly succeeded?: true;
  readonly retry?: true;
  readonly yes?: true;
}

/** The service's limit of one call. */
const IDS_A_CALL = 1_000;

/** Adds `undelete`: brings messages back that were discarded or purged, or succeeded. */
export function addUndelete(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "undelete <queue> [ids...]",
    summary: "Bring deleted messages back: by ids, or all that ended within a time",
    details:
      "They come back as they were: in quarantine, or due when they were due. With --retry they are due now, with a new round of attempts. `dlq deleted` lists them; `-` reads ids from stdin. A command that is repeated brings back only what is still deleted.",
    examples: [
      ["dlq undelete orders --from 1h", "what was discarded or purged in the last hour"],
      [
        "dlq undelete orders --succeeded --from 2026-01-31T09:00:00Z --to 2026-01-31T09:20:00Z --retry",
        "what succeeded between two times, to process it again",
      ],
      ["dlq undelete orders 01a21eee-752a-7000-8000-000c64f1d2b3", "one message"],
    ],
    options: (command) =>
      command
        .option("--from <when>", "ended then or later: 1h, or a time", parsePastTime)
        .option("--to <when>", "with --from: ended then or earlier", parsePastTime)
        .option("--succeeded", "with --from: what succeeded, not what was discarded or purged")
        .option("--retry", "due now, with a new round of attempts")
        .option("-y, --yes", "with --from: do not ask"),
    run: async (run, options, [queue = "", ...words]) => {
      checkUsage(options, words);
      const ids = await idsOf(run, words);
      if (options.from === undefined) return undeleteIds(run, queue, ids, options);
      return undeleteRange(run, queue, options.from, options);
    },
  });
}

/** @throws {CliError} for options that contradict each other */
function checkUsage({ from, to, succeeded }: Options, ids: readonly string[]): void {
  if (from !== undefined && ids.length > 0)
    throw usageError("--from selects messages by time", "give ids or --from");
  if (from === undefined && ids.length === 0)
    throw usageError("give ids, - or --from", "`dlq deleted QUEUE` lists what can come back");
  if (from === undefined && (to !== undefined || succeeded === true))
    throw usageError("--to and --succeeded need --from", "say since when");
}

const modeOf = ({ retry }: Options) => (retry === true ? UndeleteMode.RETRY : UndeleteMode.RESTORE);

async function undeleteIds(
  run: Run,
  queue: string,
  ids: readonly string[],
  options: Options,
): Promise<ExitCode | undefined> {
  const all = create(UndeleteResponseSchema);
  for (let at = 0; at < ids.length; at += IDS_A_CALL) {
    const part = ids.slice(at, at + IDS_A_CALL);
    const request = { requestId: randomUUID(), queue, ids: part, mode: modeOf(options) };
    add(all, await run.admin.undelete(request, run.call));
  }
  return report(run, all);
}

async function undeleteRange(
  run: Run,
  queue: string,
  from: PastTime,
  options: Options,
): Promise<ExitCode | undefined> {
  await requireQueues(run, [queue]);
  const states = options.succeeded
    ? [MessageState.SUCCEEDED]
    : [MessageState.DISCARDED, MessageState.PURGED];
  // The same end for the count and for what comes back.
  const to = options.to?.atMs;
  const range = {
    ...{ queue, states, fromTime: timestampFromMs(from.atMs) },
    ...(to === undefined ? {} : { toTime: timestampFromMs(to) }),
  };
  const { totalCount } = await run.admin.listDeleted({ ...range, pageSize: 1 }, run.call);
  if (totalCount > 0 && !(await isWanted(run, queue, totalCount, options))) return undefined;
  const all = create(UndeleteResponseSchema);
  const progress = run.print.progress();
  try {
    do {
      const { nextPageToken: pageToken } = all;
      const request = { requestId: randomUUID(), ...range, pageToken, mode: modeOf(options) };
      add(all, await run.admin.undelete(request, run.call));
      progress.show(`${countText(all.undeletedCount)} of ${countText(totalCount)} are back`);
    } while (all.nextPageToken !== "");
  } catch (error) {
    if (!run.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  const code = report(run, all);
  const isNone = all.undeletedCount === 0 && all.refused.length === 0;
  if (isNone && !run.signal.aborted) run.print.note(noneNote(queue, options));
  return code;
}

function noneNote(queue: string, { succeeded }: Options): string {
  const setting = succeeded === true ? "retain_succeeded" : "retain_deleted";
  return `Nothing that ended in this time is kept; ${setting} of ${queue} says for how long. \`dlq deleted ${queue}\` lists what is.`;
}

/** Reports whether to go on. @throws {CliError} if nobody can be asked */
function isWanted(run: Run, queue: string, count: number, { yes, retry }: Options) {
  const how = retry === true ? ", due now" : "";
  return confirm(run, {
    what: `${countedText(count, "message")} would come back into ${escaped(queue)}${how}`,
    question: "Bring them back?",
    purpose: "bring them back",
    refusal: "nothing was changed",
    yes,
  });
}

function add(all: UndeleteResponse, answer: UndeleteResponse): void {
  all.undeletedCount += answer.undeletedCount;
  all.refused.push(...answer.refused);
  all.nextPageToken = answer.nextPageToken;
}

function report({ print, signal }: Run, all: UndeleteResponse): ExitCode | undefined {
  const { undeletedCount, refused } = all;
  if (!print.isTable) print.message(UndeleteResponseSchema, all);
  else {
    print.lines([`Brought back: ${countText(undeletedCount)}`]);
    if (refused.length > 0) print.table(REFUSED_COLUMNS, refused);
  }
  if (signal.aborted) {
    print.note("Partial: interrupted; the same command goes on.");
    return EXIT.interrupted;
  }
  if (refused.length === 0) return undefined;
  const isMissing = refused.every(({ refusal }) => refusal === UndeleteRefusal.NOT_FOUND);
  return isMissing ? EXIT.notFound : EXIT.failed;
}

const REFUSED_COLUMNS = [
  { title: "NOT BROUGHT BACK", text: ({ id }: RefusedUndelete) => id },
  { title: "WHY", text: ({ refusal }: RefusedUndelete) => WHY[refusal] ?? "", least: 10 },
];

const WHY: Readonly<Partial<Record<UndeleteRefusal, string>>> = {
  [UndeleteRefusal.NOT_FOUND]: "it was not deleted from this queue, or is erased",
  [UndeleteRefusal.NOT_DELETED]: "the queue has it",
  [UndeleteRefusal.QUEUE_FULL]: "max_messages or max_bytes of the queue is reached",
  [UndeleteRefusal.QUEUE_DELETING]: "the queue is being deleted",
  [UndeleteRefusal.DAMAGED]: "its stored data is damaged",
};
