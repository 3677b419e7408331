import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import {
  type SimulatedAttempt,
  SimulatedAttemptSchema,
  type SimulatedQueue,
  type SimulatePolicyResponse,
  SimulatePolicyResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { type RetryPolicy, RetryPolicySchema } from "../../../../gen/dlq/v1/message_pb.ts";
import { type Reason, ReasonSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { countedText, countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import { spanText, type Times } from "../output/times.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { nameOption } from "../values/enum-options.ts";
import { parseMessage } from "../values/json-file.ts";

interface Options {
  readonly policy?: string;
  readonly preset?: string;
  readonly maxRetries?: number;
  readonly initialDelay?: string;
  readonly maxDelay?: string;
  readonly maxElapsed?: string;
  readonly reason?: Reason;
  readonly start?: string;
  readonly skipStored?: true;
}

const PRESETS = [
  ...["webhook", "validation", "execution", "network", "auth", "resource", "standard"],
] as const;

/** Adds `policy`: tries retry policies. */
export function addPolicy(program: Command, withRun: WithRun): void {
  const policy = program.command("policy").summary("Try retry policies");
  policy.description("Tries retry policies on a queue.");
  addCommand<Options>(policy, withRun, {
    usage: "simulate <queue>",
    summary:
      "Show when a policy would retry, and what it would do to the stored messages; changes nothing",
    details: "Without options of a policy it is the one in force.",
    examples: [
      ["dlq policy simulate orders --reason timeout", "the policy in force"],
      ["dlq policy simulate orders --preset webhook --max-retries 3", "another one"],
      [
        'dlq policy simulate orders --policy \'{"schedule": ["60s", "600s"]}\'',
        "a RetryPolicy in JSON",
      ],
    ],
    options: (command) =>
      command
        .addOption(new Option("--preset <name>", "a policy to start from").choices(PRESETS))
        .option("--max-retries <count>", "failed attempts before quarantine", parseCount(0, 1_000))
        .option("--initial-delay <duration>", "delay after the first failure")
        .option("--max-delay <duration>", "largest delay")
        .option("--max-elapsed <duration>", "no attempt starts later than this")
        .option("--policy <json>", "a RetryPolicy in JSON, for all other fields")
        .addOption(
          nameOption("-r, --reason <reason>", "of the failures [unknown_error]", ReasonSchema),
        )
        .option(
          "--start <time>",
          "when the first failure happens, such as 2026-03-27T22:30:00Z [now]",
        )
        .option("--skip-stored", "the schedule alone"),
    run: async (run, options, [queue = ""]) => {
      const { reason, start, skipStored } = options;
      const given = policyOf(options);
      const answer = await run.admin.simulatePolicy(
        {
          queue,
          skipStored: skipStored === true,
          ...(given === undefined ? {} : { retryPolicy: given }),
          ...(reason === undefined ? {} : { reason }),
          ...(start === undefined ? {} : { startTime: timestampFromDate(dateOf(start)) }),
        },
        run.call,
      );
      printSimulation(run, answer);
    },
  });
}

/** Undefined if no option is given. */
function policyOf({ policy, preset, maxRetries, ...delays }: Options): RetryPolicy | undefined {
  const { initialDelay, maxDelay, maxElapsed } = delays;
  const given = [policy, preset, maxRetries, initialDelay, maxDelay, maxElapsed];
  if (given.every((value) => value === undefined)) return undefined;
  const result =
    policy === undefined
      ? create(RetryPolicySchema)
      : parseMessage(RetryPolicySchema, policy, "--policy");
  if (preset !== undefined) result.preset = preset;
  if (maxRetries !== undefined) result.maxRetries = maxRetries;
  if (initialDelay !== undefined) result.initialDelay = durationFromMs(parseDuration(initialDelay));
  if (maxDelay !== undefined) result.maxDelay = durationFromMs(parseDuration(maxDelay));
  if (maxElapsed !== undefined) result.maxElapsed = durationFromMs(parseDuration(maxElapsed));
  return result;
}

function dateOf(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw usageError(`"${text}" is no time`, "write one such as 2026-03-27T22:30:00Z");
}

function printSimulation({ print }: Run, answer: SimulatePolicyResponse): void {
  const { attempts, truncated, stored } = answer;
  if (print.answer(SimulatePolicyResponseSchema, answer, SimulatedAttemptSchema, attempts)) return;
  if (attempts.length > 0) print.table(columns(print.times()), attempts);
  else print.lines(["It is never retried: the first failure quarantines it."]);
  if (truncated) print.lines(["… more attempts follow"]);
  if (stored !== undefined) print.lines(["", ...storedLines(stored)]);
}

function columns(times: Times): Column<SimulatedAttempt>[] {
  return [
    { title: "ATTEMPT", text: ({ attempt }) => String(attempt), align: "right" },
    { title: "DELAY", text: ({ delay }) => spanText(delay), align: "right" },
    {
      title: "WITH JITTER",
      text: ({ minDelay, maxDelay }) => `${spanText(minDelay)} to ${spanText(maxDelay)}`,
    },
    { title: "DUE", text: ({ dueTime }) => times.both(dueTime) },
  ];
}

function storedLines({ examinedCount, retried, quarantinedCount }: SimulatedQueue): string[] {
  return [
    `If ${countedText(examinedCount, "stored message")} failed once more:`,
    ...retried
      .filter(({ count }) => count > 0n)
      .map(({ within, count }) => `  ${countText(count)} retried within ${spanText(within)}`),
    `  ${countText(quarantinedCount)} quarantined`,
  ];
}
