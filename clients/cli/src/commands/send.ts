import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  type SendToDlqResponse,
  SendToDlqResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Reason, ReasonSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, repeatedOption, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { type Fact, factLines } from "../output/table.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { quarantineReasonName, reasonName, stateName } from "../values/enum-names.ts";
import { nameOption } from "../values/enum-options.ts";
import { readAll } from "../values/stdin.ts";

interface Options {
  readonly file?: string;
  readonly contentType?: string;
  readonly attribute?: readonly string[];
  readonly reason?: Reason;
  readonly type?: string;
  readonly message?: string;
  readonly fingerprint?: string;
  readonly httpStatus?: number;
  readonly delay?: string;
  readonly ttl?: string;
  readonly maxRetries?: number;
  readonly priority?: number;
  readonly sourceId?: string;
  readonly dedupKey?: string;
  readonly orderingKey?: string;
  readonly requestId?: string;
}

/** Adds `send`: one dead letter by hand. */
export function addSend(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "send <queue> [payload]",
    summary: "Send a dead letter",
    details:
      "The payload is an argument, a file, or stdin if neither is given. Bytes that are no UTF-8 are sent as bytes.",
    examples: [
      [
        "dlq send orders '{\"order\": 42}' --type ReadTimeout --message 'no answer in 3 s'",
        "a payload and why it failed",
      ],
      [
        "dlq send orders --file order.json --content-type application/json --delay 10m",
        "a file; the first retry in ten minutes",
      ],
      ["generate-order | dlq send orders --reason validation_failed", "from stdin"],
    ],
    options: (command) =>
      command
        .option("--file <file>", "file with the payload")
        .option("--content-type <type>", "media type of the payload")
        .option("-a, --attribute <name=value>", "header of the message; repeatable", repeatedOption)
        .addOption(
          nameOption(
            "-r, --reason <reason>",
            "why it failed; without it the service decides by the failure",
            ReasonSchema,
          ),
        )
        .option("--type <type>", "type of the failure, such as ReadTimeout")
        .option("-m, --message <text>", "text of the failure")
        .option("--fingerprint <name>", "failures with the same one form one group")
        .option("--http-status <status>", "of the failed HTTP call", parseCount(100, 599))
        .option("--delay <duration>", "time to the first retry; by default that of the policy")
        .option("--ttl <duration>", "time to live")
        .option("--max-retries <count>", "failed attempts before quarantine", parseCount(0, 1_000))
        .option("--priority <number>", "from -100 to 100; larger goes first", parseCount(-100, 100))
        .option("--source-id <id>", "the message's own id")
        .option("--dedup-key <key>", "joins an earlier message with the same key")
        .option("--ordering-key <key>", "messages with the same key keep their order")
        .option("--request-id <id>", "makes it safe to repeat this command for 10 minutes"),
    run: async (run, options, [queue = "", argument]) => {
      const payload = await payloadOf(run, options, argument);
      const { delay, ttl, maxRetries } = options;
      const call = run.dlq.sendToDlq(
        {
          queue,
          requestId: options.requestId ?? randomUUID(),
          payload: { ...payload, contentType: options.contentType ?? "" },
          attributes: attributesOf(options.attribute ?? []),
          failure: failureOf(options),
          sourceId: options.sourceId ?? "",
          dedupKey: options.dedupKey ?? "",
          orderingKey: options.orderingKey ?? "",
          priority: options.priority ?? 0,
          ...(maxRetries === undefined ? {} : { maxRetries }),
          ...(ttl === undefined ? {} : { ttl: durationFromMs(parseDuration(ttl)) }),
          ...(delay === undefined
            ? {}
            : { firstRetry: { case: "delay", value: durationFromMs(parseDuration(delay)) } }),
        },
        run.call,
      );
      printResult(run, await lookUp("queue", queue, call));
    },
  });
}

async function payloadOf(run: Run, { file }: Options, argument: string | undefined) {
  if (argument !== undefined && file !== undefined) {
    throw usageError("the payload is given twice: as an argument and by --file");
  }
  if (argument !== undefined) return textBody(argument);
  return bodyOf(file === undefined ? await readAll(run) : await fileContent(file));
}

async function fileContent(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw usageError(`cannot read the payload: ${error instanceof Error ? error.message : error}`);
  }
}

const textBody = (value: string) => ({ body: { case: "text" as const, value } });

function bodyOf(bytes: Uint8Array) {
  try {
    return textBody(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { body: { case: "data" as const, value: bytes } };
  }
}

function attributesOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw usageError(`--attribute is "${pair}"; write NAME=VALUE`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function failureOf({ reason, type = "", message = "", fingerprint = "", httpStatus }: Options) {
  return {
    ...{ type, message, fingerprint },
    ...(reason === undefined ? {} : { reason }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

function printResult({ print }: Run, answer: SendToDlqResponse): void {
  if (!print.isTable) {
    print.message(SendToDlqResponseSchema, answer);
    return;
  }
  const { id, state, reason, dueTime, quarantineReason, duplicate, queue } = answer;
  const facts: Fact[] = [
    ["state", stateName(state)],
    ["reason", reasonName(reason)],
    ["due", print.times().both(dueTime)],
    ["in quarantine", quarantineReasonName(quarantineReason)],
    ["joined", duplicate ? "an earlier message with the same dedup key" : ""],
    ["queue", queue === "" ? "" : `${escaped(queue)}, by a routing rule`],
  ];
  const title = id === "" ? "not stored" : id;
  print.lines([print.style.strong(title), ...factLines(facts, print.style, print.width)]);
}
