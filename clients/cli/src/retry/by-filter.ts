import { randomUUID } from "node:crypto";
import type { ExitCode } from "../errors.ts";
import { countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import { type RetryFilter, retryFilterOf, storedCount } from "./filter.ts";
import type { RetryOptions } from "./options.ts";
import { expectMissing, RetryResult } from "./result.ts";

/** Retries what matches in one queue. The server counts and retries in one step. @throws {CliError} without `expect` */
export async function retryMatching(
  run: Run,
  queue: string,
  options: RetryOptions,
): Promise<ExitCode | undefined> {
  const filter = retryFilterOf(options);
  const { expect, dryRun = false } = options;
  if (expect === undefined) {
    throw expectMissing(await storedCount(run, queue, filter), ` in ${queue} now`);
  }
  const result = new RetryResult();
  const progress = run.print.progress();
  try {
    for await (const answer of pages(run, queue, filter, expect, dryRun)) {
      result.add(answer);
      const { retriedCount, remainingCount } = result.answer;
      progress.show(`retried ${countText(retriedCount)}, ${countText(remainingCount)} remain`);
    }
  } catch (error) {
    if (!run.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  return result.report(run, dryRun);
}

async function* pages(
  run: Run,
  queue: string,
  filter: RetryFilter,
  expectedCount: number,
  dryRun: boolean,
) {
  let pageToken = "";
  do {
    const answer = await run.dlq.retry(
      {
        ...{ queue, filter, requestId: randomUUID(), dryRun, pageToken },
        ...(pageToken === "" ? { expectedCount } : {}),
      },
      run.call,
    );
    yield answer;
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
}
