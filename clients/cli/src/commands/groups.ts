import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  GroupOrder,
  GroupOrderSchema,
  ListGroupsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  type Group,
  GroupSchema,
  GroupState,
  GroupStateSchema,
} from "../../../../gen/dlq/v1/group_pb.ts";
import { addCommand, QUEUE_HELP, type WithRun } from "../command.ts";
import { groupFailure, groupStateName } from "../output/group-lines.ts";
import { firstNames } from "../output/names.ts";
import { countedText, countText } from "../output/numbers.ts";
import { merged, sparkline } from "../output/sparkline.ts";
import type { Style } from "../output/style.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { parseName, reasonName, shortNames } from "../values/enum-names.ts";
import { nameOption, namesOption } from "../values/enum-options.ts";

interface Options {
  readonly since?: number;
  readonly state?: readonly string[];
  readonly sort: GroupOrder;
  readonly limit: number;
}

const LIMIT = 25;
const MOST_LISTED = 1_000;

/** Adds `groups`: which failures are alike, and how many. */
export function addGroups(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "groups [queue]",
    summary: "List groups of messages whose failures are alike",
    details: `${QUEUE_HELP} MESSAGES is how many are stored, TREND how many failed in equal parts of --since, or of the last 24 hours, which is the most that it covers.`,
    examples: [
      ["dlq groups --since 1h", "what failed in the last hour, the most messages first"],
      ["dlq groups 'orders-*' --sort last_failure", "the latest failure first"],
      ["dlq groups --state regressed", "what was resolved and failed again"],
      ["dlq ls --group 01f3a8c2d4e5b697", "the messages of one group"],
    ],
    options: (command) =>
      command
        .option("--since <duration>", "only groups that failed in this time", parseDuration)
        .addOption(
          namesOption(
            "-s, --state <states>",
            "only groups in one of these states; without it all but archived ones",
            shortNames(GroupStateSchema),
          ),
        )
        .addOption(
          nameOption("--sort <order>", "what comes first", GroupOrderSchema).default(
            GroupOrder.STORED,
            "stored",
          ),
        )
        .option("-n, --limit <count>", "most groups to list", parseCount(1, MOST_LISTED), LIMIT),
    run: async (run, { since, state = [], sort, limit }, [queue = ""]) => {
      const { print } = run;
      await requireQueues(run, [queue]);
      const answer = await run.admin.listGroups(
        {
          ...{ queue, pageSize: limit, order: sort },
          states: state.map((name) => parseName(GroupStateSchema, name)),
          ...(since !== undefined && { since: durationFromMs(since) }),
        },
        run.call,
      );
      const { groups, totalCount, otherStoredCount } = answer;
      if (print.answer(ListGroupsResponseSchema, answer, GroupSchema, groups)) return;
      if (groups.length > 0) print.table(columns(print.times()), groups);
      const rest = totalCount - BigInt(groups.length);
      if (groups.length === 0) print.note("No group matches.");
      if (rest > 0n) print.note(`${countText(rest)} more: give a larger --limit.`);
      if (state.length === 0)
        run.print.notes([archivedNote(await archivedCount(run, queue, since))]);
      if (otherStoredCount > 0n) {
        print.note(
          `In no group, because there are too many: ${countedText(otherStoredCount, "message")}.`,
        );
      }
    },
  });
}

async function archivedCount(run: Run, queue: string, since: number | undefined): Promise<bigint> {
  const { totalCount } = await run.admin.listGroups(
    {
      ...{ queue, pageSize: 1, states: [GroupState.ARCHIVED] },
      ...(since !== undefined && { since: durationFromMs(since) }),
    },
    run.call,
  );
  return totalCount;
}

function archivedNote(count: bigint): string {
  if (count === 0n) return "";
  const groups = countedText(count, "archived group");
  return `${groups} ${count === 1n ? "is" : "are"} not shown: --state archived lists ${count === 1n ? "it" : "them"}.`;
}

/** Digits of an id in a row; commands take six or more. */
const SHOWN_DIGITS = 8;
/** Parts of a trend in a row. */
const BARS = 12;

function columns(times: Times): Column<Group>[] {
  return [
    {
      title: "GROUP",
      text: ({ id }) => id.slice(0, SHOWN_DIGITS),
      paint: (_, style) => style.strong,
    },
    { title: "MESSAGES", text: ({ storedCount }) => countText(storedCount), align: "right" },
    { title: "TREND", text: ({ trend }) => sparkline(merged(trend, BARS)), from: 120 },
    { title: "LAST", text: ({ lastFailureTime }) => times.age(lastFailureTime), align: "right" },
    {
      title: "STATE",
      text: stateText,
      paint: ({ state }, style) => paintOf(groupStateName(state), style),
    },
    {
      title: "REASON",
      text: ({ reason }) => reasonName(reason),
      least: 14,
      isCutFirst: true,
      from: 100,
    },
    { title: "FAILURE", text: groupFailure, least: 20 },
    { title: "QUEUES", text: queuesText, least: 12, isCutFirst: true, from: 110 },
  ];
}

/** One that has opened again by itself says so. */
function stateText({ state, reopened }: Group): string {
  return reopened ? `${groupStateName(state)} AGAIN` : groupStateName(state);
}

function paintOf(state: string, style: Style) {
  return state === "REGRESSED" ? style.bad : (text: string) => text;
}

/** Queues that are named in a row. */
const QUEUES_SHOWN = 3;

function queuesText({ queues, queueCount }: Group): string {
  return firstNames(
    queues.map(({ queue }) => queue),
    QUEUES_SHOWN,
    queueCount,
  );
}
