import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  type RefusedRetry,
  RetryRefusal,
  RetryRefusalSchema,
  type RetryResponse,
  RetryResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { countText } from "../output/numbers.ts";
import { isMessageId, queuesOf } from "../reads/messages.ts";
import {
  RETRYABLE_STATES,
  type RetryFilter,
  retryFilterOf,
  storedCount,
} from "../reads/retry-filter.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import { namesOption } from "../values/enum-options.ts";
import { readWords } from "../values/stdin.ts";
import { quarantineReasonOption, reasonOption } from "./filter-options.ts";

interface Options {
  readonly queue?: string;
  readonly state?: readonly string[];
  readonly reason?: readonly string[];
  readonly quarantineReason?: readonly string[];
  readonly expect?: number;
  readonly dryRun?: true;
}

/** The service's limit of one call. */
const IDS_A_CALL = 1_000;

/** Adds `retry`: makes messages due now. */
export function addRetry(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "retry <queue-or-ids...>",
    summary: "Make messages due now: by their ids, or all of a queue that match",
    details:
      "Quarantined messages start a new round of attempts. With a queue, --expect must be the number of messages that match, so that nothing else is retried: without it nothing happens, and the number is printed. `-` reads ids from stdin.",
    examples: [
      ["dlq retry 01a21eee-752a-7000-8000-000c64f1d2b3", "one message"],
      [
        "dlq retry orders --reason network_error --expect 1200",
        "the quarantined ones of a queue with this reason",
      ],
      ["dlq ls orders --text cust-4711 --ids | dlq retry --queue orders -", "what `ls` finds"],
    ],
    options: (command) =>
      command
        .option("-q, --queue <queue>", "the queue of the ids: faster than a search")
        .addOption(namesOption("-s, --state <states>", "its state [quarantined]", RETRYABLE_STATES))
        .addOption(reasonOption())
        .addOption(quarantineReasonOption())
        .option("--expect <count>", "how many messages match", parseCount(0))
        .option("--dry-run", "change nothing"),
    run: async (run, options, names) => {
      const [first = ""] = names;
      if (first === "-" || isMessageId(first)) {
        const ids = first === "-" ? await readWords(run) : names;
        return retryIds(run, ids, options);
      }
      if (names.length > 1)
        throw usageError(`"${names[1]}" is not expected after the queue ${first}`);
      return retryMatching(run, first, options);
    },
  });
}

async function retryIds(run: Run, ids: readonly string[], options: Options) {
  const wrong = ids.find((id) => !isMessageId(id));
  if (wrong !== undefined)
    throw usageError(`"${wrong}" is no id of a message`, "`dlq ls --ids` prints ids");
  const whole = create(RetryResponseSchema);
  const byQueue = await queuesOf(run, ids, options.queue);
  for (const id of byQueue.missing) {
    whole.refused.push(refusedAs(id, RetryRefusal.NOT_FOUND));
  }
  for (const [queue, own] of byQueue.queues) {
    for (let at = 0; at < own.length; at += IDS_A_CALL) {
      const answer = await run.dlq.retry(
        {
          queue,
          ids: own.slice(at, at + IDS_A_CALL),
          requestId: randomUUID(),
          dryRun: options.dryRun === true,
        },
        run.call,
      );
      add(whole, answer);
    }
  }
  return report(run, whole, options);
}

async function retryMatching(run: Run, queue: string, options: Options) {
  const filter = retryFilterOf(options);
  if (options.expect === undefined) {
    const count = await storedCount(run, queue, filter);
    const messages = count === 1n ? "1 message matches" : `${countText(count)} messages match`;
    throw usageError(
      `${messages} in ${queue} now; nothing was retried, because --expect is missing`,
      count === 0n
        ? "`dlq queues` shows what is stored"
        : `to retry: the same command with --expect ${count}`,
    );
  }
  const whole = create(RetryResponseSchema);
  const progress = run.print.progress();
  try {
    await retryPages(run, queue, filter, options, (answer) => {
      add(whole, answer);
      progress.show(
        `retried ${countText(whole.retriedCount)}, ${countText(whole.remainingCount)} remain`,
      );
    });
  } catch (error) {
    if (!run.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  return report(run, whole, options);
}

async function retryPages(
  run: Run,
  queue: string,
  filter: RetryFilter,
  { expect, dryRun }: Options,
  onPage: (answer: RetryResponse) => void,
): Promise<void> {
  let pageToken = "";
  do {
    const answer = await run.dlq.retry(
      {
        queue,
        filter,
        requestId: randomUUID(),
        dryRun: dryRun === true,
        pageToken,
        ...(pageToken === "" && expect !== undefined ? { expectedCount: expect } : {}),
      },
      run.call,
    );
    onPage(answer);
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
}

function add(whole: RetryResponse, answer: RetryResponse): void {
  whole.retriedCount += answer.retriedCount;
  whole.refused.push(...answer.refused);
  whole.remainingCount = answer.remainingCount;
  whole.nextPageToken = answer.nextPageToken;
}

function report(run: Run, whole: RetryResponse, { dryRun }: Options): ExitCode | undefined {
  const { print } = run;
  const isPartial = run.signal.aborted;
  if (!print.isTable) print.message(RetryResponseSchema, whole);
  else {
    const verb = dryRun === true ? "Would be due now" : "Due now";
    print.lines([`${verb}: ${countText(whole.retriedCount)}`]);
    if (whole.refused.length > 0) print.table(REFUSED_COLUMNS, whole.refused);
  }
  if (isPartial) {
    print.note(`Partial: interrupted; ${countText(whole.remainingCount)} remain.`);
    return EXIT.interrupted;
  }
  const [refused] = whole.refused;
  if (refused === undefined) return undefined;
  const isMissing = whole.refused.every(({ refusal }) => refusal === RetryRefusal.NOT_FOUND);
  return isMissing ? EXIT.notFound : EXIT.failed;
}

const REFUSED_COLUMNS = [
  { title: "NOT RETRIED", text: ({ id }: RefusedRetry) => id },
  {
    title: "WHY",
    text: ({ refusal, detail }: RefusedRetry) => {
      const name = RetryRefusalSchema.value[refusal]?.name.replace("RETRY_REFUSAL_", "") ?? "";
      return detail === "" ? (WHY[refusal] ?? name) : detail;
    },
    least: 10,
  },
];

const WHY: Readonly<Partial<Record<RetryRefusal, string>>> = {
  [RetryRefusal.NOT_FOUND]: "no queue has it",
  [RetryRefusal.IN_FLIGHT]: "a worker holds it, or a rule is moving it",
};

function refusedAs(id: string, refusal: RetryRefusal): RefusedRetry {
  return { $typeName: "dlq.v1.RefusedRetry", id, refusal, detail: "" };
}
