import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type EventGap, EventTypeSchema } from "../../../../gen/dlq/v1/event_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { eventJson, gapJson, keptJson } from "../output/event-json.ts";
import { EventRows, SHOWN_DIGITS, WHOLE_IDS_FROM } from "../output/event-rows.ts";
import { countText } from "../output/numbers.ts";
import { instant } from "../output/times.ts";
import { type EventQuery, followEvents } from "../reads/events.ts";
import { requireQueues, waitingNote } from "../reads/known-queues.ts";
import { isMessageId } from "../reads/messages.ts";
import { MOST_HELD, PastEvents } from "../reads/past-events.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import { EVENT_TYPES, parseName } from "../values/enum-names.ts";
import { namesOption } from "../values/enum-options.ts";
import { literal } from "../values/filter.ts";
import { isPattern } from "../values/pattern.ts";
import { type PastTime, parsePastTime } from "../values/time.ts";

interface Options {
  readonly type?: readonly string[];
  readonly filter?: string;
  readonly message?: string;
  readonly since?: PastTime;
  readonly limit?: number;
  readonly follow: boolean;
  readonly json?: true;
}

/** Adds `tail`: events as they happen. */
export function addTail(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "tail [queues...]",
    summary: "Follow what happens: events of messages, breakers, queues and groups",
    details: `${QUEUES_HELP} Ctrl-C ends it. When the server is unavailable it waits and then continues. Past events are sorted by time, ${countText(MOST_HELD)} at once; new ones are in order within a queue only. Times are in UTC. docs/reference/events.md explains the types.`,
    examples: [
      ["dlq tail orders", "what happens in a queue from now on"],
      ["dlq tail 'orders-*' --type moved_to_poison --since 1h", "what came into quarantine"],
      ["dlq tail --filter 'reason == \"TIMEOUT\" && retry_count > 3'", "a CEL expression"],
      [
        "dlq tail --message 01a21eee-752a-7000-8000-000c64f1d2b3 --since 7d",
        "what happened to one message, and what happens to it next",
      ],
      ["dlq tail orders --since 1h --no-follow", "the last hour, and no more"],
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
          "CEL expression, such as 'retry_count > 3'; see docs/reference/filters.md. source_id and attributes match nothing unless the server's setting outbox_fields names them",
        )
        .option(
          "--message <id>",
          `only of this message: its id, or the last ${SHOWN_DIGITS} digits`,
        )
        .option(
          "--since <when>",
          "start this long ago, or at this time: 5m, 1h, 2026-01-31T18:00Z. The server keeps events of about a day, of busy queues only the latest thousands: as many as outbox_max has room for",
          parsePastTime,
        )
        .option("--no-follow", "end when the past events of --since are printed")
        .option("-n, --limit <count>", "end after so many events", parseCount(1))
        .option("--json", "one JSON object a line, with the names of events in NATS; as -o jsonl"),
    run: async (run, options, queues) => {
      const { since, follow } = options;
      if (!follow && since === undefined)
        throw usageError("--no-follow would print nothing", "give --since, such as --since 1h");
      const query = {
        queues,
        types: (options.type ?? []).map((name) => parseName(EventTypeSchema, name)),
        filter: filterOf(options),
        sinceMs: since?.atMs,
      };
      const named = new Set(queues.filter((queue) => !isPattern(queue)));
      if (follow) for (const queue of named) run.print.notes([await waitingNote(run, queue)]);
      const code = await printEvents(run, query, options, (queue) => named.delete(queue));
      // A deleted queue may have past events.
      if (!follow && code === undefined) await requireQueues(run, [...named]);
      return code;
    },
  });
}

async function printEvents(
  run: Run,
  query: EventQuery,
  { limit = Infinity, json, since, message, follow }: Options,
  onQueue: (name: string) => void,
): Promise<ExitCode | undefined> {
  const printer = json === true || !run.print.isTable ? jsonPrinter(run) : rowPrinter(run);
  let past = since === undefined ? undefined : new PastEvents();
  let count = 0;
  for await (const received of followEvents(run, query)) {
    const { gap, keptSince, caughtUp } = received;
    if (gap !== undefined) printer.gap(gap);
    if (keptSince !== undefined) {
      run.print.note(keptText(keptSince, since?.asked, Date.now()));
      printer.kept(keptSince);
    }
    past?.add(received.events);
    if (past?.isFull === false && !caughtUp) continue;
    for (const event of past?.take() ?? received.events) {
      printer.event(event);
      onQueue(event.queue);
      if (++count >= limit) return undefined;
    }
    if (past === undefined || !caughtUp) continue;
    past = undefined;
    const waiting = follow ? "; waiting for new ones" : "";
    if (count === 0 && message !== undefined) {
      run.print.note(`No past event of this message${waiting}.`);
    } else if (count === 0 && run.print.isTerminal) run.print.note(`No past events${waiting}.`);
    if (!follow) return undefined;
  }
  return EXIT.interrupted;
}

/** @param asked what was asked for; undefined: what was missed while it was not connected */
function keptText(keptSince: Timestamp, asked = "earlier ones were", nowMs: number): string {
  const [day, time] = instant(keptSince).split(/[T.]/);
  const isToday = day === new Date(nowMs).toISOString().slice(0, 10);
  const text = isToday ? time : `${day} ${time}`;
  return `Events are complete only since ${text} UTC; ${asked} asked for. The server keeps about a day, at most outbox_max.`;
}

function jsonPrinter({ print }: Run) {
  return {
    event: (event: Parameters<typeof eventJson>[0]) => print.jsonLine(eventJson(event)),
    gap: (gap: EventGap) => print.jsonLine(gapJson(gap, Date.now())),
    kept: (since: Timestamp) => print.jsonLine(keptJson(since, Date.now())),
  };
}

const GAP_NOTE =
  "Events are missing: `dlq ls` lists the messages that are still stored, `dlq show ID` has what happened to one last.";

function rowPrinter({ print }: Run): ReturnType<typeof jsonPrinter> {
  const rows = new EventRows(print.style);
  const { width = Infinity } = print;
  if (width < WHOLE_IDS_FROM) {
    print.note(
      `Ids are cut to their last ${SHOWN_DIGITS} digits in ${width} columns: pass them to --message.`,
    );
  }
  let hasGap = false;
  return {
    event: (event) => print.lines(rows.event(event, print.width)),
    gap: (gap) => {
      print.lines(rows.gap(gap, Date.now(), print.width));
      if (!hasGap) print.note(GAP_NOTE);
      hasGap = true;
    },
    kept: () => {},
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
