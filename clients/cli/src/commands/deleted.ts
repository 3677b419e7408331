import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  type DeletedMessage,
  DeletedMessageSchema,
  ListDeletedResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { countedText, countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { parseCount } from "../values/duration.ts";
import { reasonName, stateName } from "../values/enum-names.ts";
import { type PastTime, parsePastTime } from "../values/time.ts";

interface Options {
  readonly from?: PastTime;
  readonly to?: PastTime;
  readonly limit?: number;
  readonly ids?: true;
}

const LIMIT = 50;
const PAGE_SIZE = 1_000;

/** Adds `deleted`: messages that ended and can be brought back. */
export function addDeleted(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "deleted <queue>",
    summary: "List deleted messages that `dlq undelete` can bring back",
    details:
      "These are messages that workers, policies or batch jobs discarded or purged within retain_deleted, and messages that succeeded within retain_succeeded, unless there was no more room for them. The latest come first.",
    examples: [
      ["dlq deleted orders", "the latest of a queue"],
      ["dlq deleted orders --from 1h -o jsonl", "of the last hour, one JSON object a line"],
    ],
    options: (command) =>
      command
        .option("--from <when>", "ended then or later: 1h, or a time", parsePastTime)
        .option("--to <when>", "ended then or earlier", parsePastTime)
        .option(
          "-n, --limit <count>",
          `most messages to list [${LIMIT}; with --ids all]`,
          parseCount(1),
        )
        .option("--ids", "ids alone, one a line, for `dlq undelete QUEUE -`"),
    run: async (run, { from, to, ids, limit = ids === true ? Infinity : LIMIT }, [queue = ""]) => {
      const { print } = run;
      await requireQueues(run, [queue]);
      const answer = create(ListDeletedResponseSchema);
      do {
        const pageSize = Math.min(PAGE_SIZE, limit - answer.messages.length);
        const page = await run.admin.listDeleted(
          {
            ...{ queue, pageSize, pageToken: answer.nextPageToken },
            ...(from && { fromTime: timestampFromMs(from.atMs) }),
            ...(to && { toTime: timestampFromMs(to.atMs) }),
          },
          run.call,
        );
        answer.messages.push(...page.messages);
        answer.nextPageToken = page.nextPageToken;
        answer.totalCount = page.totalCount;
      } while (answer.nextPageToken !== "" && answer.messages.length < limit);
      const { messages, totalCount } = answer;
      if (ids === true) {
        print.lines(messages.map(({ id }) => id));
        return undefined;
      }
      if (print.answer(ListDeletedResponseSchema, answer, DeletedMessageSchema, messages))
        return undefined;
      if (messages.length > 0) print.table(columns(print.times()), messages);
      if (messages.length === 0) print.note("No deleted message is kept.");
      else if (totalCount > messages.length)
        print.note(
          `There are ${countedText(totalCount, "message")}: give a larger --limit than ${countText(limit)}.`,
        );
      return undefined;
    },
  });
}

function columns(times: Times): Column<DeletedMessage>[] {
  return [
    { title: "ID", text: ({ id }) => id, paint: (_, style) => style.strong },
    { title: "ENDED", text: ({ state }) => stateName(state), least: 6 },
    { title: "AGO", text: ({ deleteTime }) => times.age(deleteTime), align: "right" },
    { title: "ERASED", text: ({ eraseTime }) => times.distance(eraseTime), least: 6 },
    { title: "REASON", text: ({ reason }) => reasonName(reason), least: 7, from: 100 },
    { title: "BY", text: (one) => byText(one) || "-", least: 8, from: 120 },
    { title: "NOTE", text: ({ note }) => note, least: 8 },
  ];
}

/** Returns the worker, or `ann, j-8`. */
function byText({ workerId, caller, batchJob }: DeletedMessage): string {
  return workerId || [caller, batchJob].filter((one) => one !== "").join(", ");
}
