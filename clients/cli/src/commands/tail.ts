import type { Command } from "commander";
import { type EventGap, EventTypeSchema } from "../../../../gen/dlq/v1/event_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { eventJson, gapJson } from "../output/event-json.ts";
import { EventRows, SHOWN_DIGITS, WHOLE_IDS_FROM } from "../output/event-rows.ts";
import { type EventQuery, followEvents } from "../reads/events.ts";
import { waitingNote } from "../reads/known-queues.ts";
import { isMessageId } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { EVENT_TYPES, parseName } from "../values/enum-names.ts";
import { namesOption } from "../values/enum-options.ts";
import { literal } from "../values/filter.ts";
import { isPattern } from "../values/pattern.ts";

interface Options {
  readonly type?: readonly string[];
  readonly filter?: string;
  readonly message?: string;
  readonly since?: number;
  readonly limit?: number;
  readonly json?: true;
}

/** Adds `tail`: events as they happen. */
export function addTail(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "tail [queues...]",
    summary: "Follow what happens: events of messages, breakers, queues and groups",
    details: `${QUEUES_HELP} Ctrl-C ends it. When the server is unavailable it waits and then continues. Times are in UTC. docs/reference/events.md explains the types.`,
    examples: [
      ["dlq tail orders", "what happens in a queue from now on"],
      ["dlq tail 'orders-*' --type moved_to_poison --since 1h", "what came into quarantine"],
      ["dlq tail --filter 'reason == \"TIMEOUT\" && retry_count > 3'", "a CEL expression"],
      [
        "dlq tail --message 01a21eee-752a-7000-8000-000c64f1d2b3 --since 7d",
        "what happened to one message, and what happens to it next",
      ],
      ["dlq tail --json --limit 100", "a hundred events, one JSON object a line, for scripts"],
    ],
    options: (command) =>
      command
        .addOption(
          namesOption(
            "-t, --type <types>",
            "only events of these types; without it all but delivered",
            EVENT_TYPES,
          ),
        )
        .option(
          "-f, --filter <expression>",
          "CEL expression, such as 'retry_count > 3'; see docs/reference/filters.md",
        )
        .option(
          "--message <id>",
          `only of this message: its id, or the last ${SHOWN_DIGITS} digits`,
        )
        .option(
          "--since <duration>",
          "start this long ago, if events are still kept: 5m, 1h",
          parseDuration,
        )
        .option("-n, --limit <count>", "end after so many events", parseCount(1))
        .option("--json", "one JSON object a line, with the names of events in NATS; as -o jsonl"),
    run: async (run, options, queues) => {
      const { since } = options;
      const query = {
        queues,
        types: (options.type ?? []).map((name) => parseName(EventTypeSchema, name)),
        filter: filterOf(options),
        sinceMs: since === undefined ? undefined : Date.now() - since,
      };
      for (const queue of queues)
        if (!isPattern(queue)) run.print.notes([await waitingNote(run, queue)]);
      return follow(run, query, options);
    },
  });
}

async function follow(
  run: Run,
  query: EventQuery,
  { limit = Infinity, json }: Options,
): Promise<ExitCode | undefined> {
  const printer = json === true || !run.print.isTable ? jsonPrinter(run) : rowPrinter(run);
  let count = 0;
  for await (const { events, gap } of followEvents(run, query)) {
    if (gap !== undefined) printer.gap(gap);
    for (const event of events) {
      printer.event(event);
      if (++count >= limit) return undefined;
    }
  }
  return EXIT.interrupted;
}

function jsonPrinter({ print }: Run) {
  return {
    event: (event: Parameters<typeof eventJson>[0]) => print.jsonLine(eventJson(event)),
    gap: (gap: EventGap) => print.jsonLine(gapJson(gap, Date.now())),
  };
}

function rowPrinter({ print }: Run): ReturnType<typeof jsonPrinter> {
  const rows = new EventRows(print.style);
  const { width = Infinity } = print;
  if (width < WHOLE_IDS_FROM) {
    print.note(
      `Ids are cut to their last ${SHOWN_DIGITS} digits in ${width} columns: pass them to --message.`,
    );
  }
  return {
    event: (event) => print.lines(rows.event(event, print.width)),
    gap: (gap) => print.lines(rows.gap(gap, Date.now(), print.width)),
  };
}

/** Returns the CEL expression for which all given conditions hold; empty for none. */
function filterOf({ filter = "", message }: Options): string {
  if (message === undefined) return filter;
  const condition = messageIs(message.toLowerCase());
  return filter.trim() === "" ? condition : `${condition} && (${filter})`;
}

/** @throws {CliError} for what is no id, and no end of one */
function messageIs(id: string): string {
  if (isMessageId(id)) return `message_id == ${literal(id)}`;
  const end = id.replace(/^…/, "");
  if (/^[0-9a-f]{6,12}$/.test(end)) return `message_id.endsWith(${literal(end)})`;
  throw usageError(
    `"${id}" is no id of a message`,
    "give one such as 01a21eee-752a-7000-8000-000c64f1d2b3, or at least its last six digits",
  );
}
