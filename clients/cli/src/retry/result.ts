import { create } from "@bufbuild/protobuf";
import {
  type RefusedRetry,
  RetryRefusal,
  RetryRefusalSchema,
  type RetryResponse,
  RetryResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../errors.ts";
import { countedText, countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";

/** The answers of several calls as one. */
export class RetryResult {
  readonly answer = create(RetryResponseSchema);

  add({ retriedCount, refused, remainingCount, nextPageToken }: RetryResponse): void {
    this.answer.retriedCount += retriedCount;
    this.answer.refused.push(...refused);
    this.answer.remainingCount = remainingCount;
    this.answer.nextPageToken = nextPageToken;
  }

  addMissing(id: string): void {
    this.answer.refused.push({
      ...{ $typeName: "dlq.v1.RefusedRetry", id, refusal: RetryRefusal.NOT_FOUND, detail: "" },
    });
  }

  /** Prints it. Returns the exit code. */
  report({ print, signal }: Run, isDryRun: boolean): ExitCode | undefined {
    const { retriedCount, remainingCount, refused } = this.answer;
    if (!print.isTable) print.message(RetryResponseSchema, this.answer);
    else {
      const verb = isDryRun ? "Would be due now" : "Due now";
      print.lines([`${verb}: ${countText(retriedCount)}`]);
      if (refused.length > 0) print.table(REFUSED_COLUMNS, refused);
    }
    if (signal.aborted) {
      print.note(`Partial: interrupted; ${countText(remainingCount)} remain.`);
      return EXIT.interrupted;
    }
    if (refused.length === 0) return undefined;
    const isMissing = refused.every(({ refusal }) => refusal === RetryRefusal.NOT_FOUND);
    return isMissing ? EXIT.notFound : EXIT.failed;
  }
}

/**
 * The error of a command without --expect.
 *
 * @param place where and when they are, such as ` in orders now`
 * @param others for a count of 0: which option selects others. Empty: none
 */
export function expectMissing(count: bigint, place: string, others = ""): CliError {
  return usageError(
    `${matchText(count)}${place}; nothing was retried, because --expect is missing`,
    count === 0n
      ? others || "`dlq queues` shows what is stored"
      : `to retry: the same command with --expect ${count}`,
  );
}

/** The error of a command that expects another number. */
export function expectWrong(expected: number, count: bigint): CliError {
  return new CliError(
    EXIT.failed,
    `--expect is ${expected}, but ${matchText(count)} now; nothing was retried`,
    "`dlq ls` with the same options lists them",
  );
}

/** The error of a command that expects another number of ids. */
export function expectOtherIds(expected: number, count: number): CliError {
  const given = `${countedText(count, "id")} ${count === 1 ? "is" : "are"} given`;
  return new CliError(
    EXIT.failed,
    `--expect is ${expected}, but ${given}; nothing was retried`,
    "`dlq ls` shows the messages that its options select",
  );
}

function matchText(count: bigint): string {
  return `${countedText(count, "message")} ${count === 1n ? "matches" : "match"}`;
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
