import { randomUUID } from "node:crypto";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import type { ExitCode } from "../errors.ts";
import { countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import { RETRYABLE_STATES, type RetryFilter, retryFilterOf, storedCount } from "./filter.ts";
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
    const count = await storedCount(run, queue, filter);
    const others = count === 0n ? await inOtherStates(run, queue, filter) : "";
    throw expectMissing(count, ` in ${queue} now`, others);
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

/** Returns which option selects what matches but for its state; empty if nothing does. */
async function inOtherStates(run: Run, queue: string, filter: RetryFilter): Promise<string> {
  const hints: string[] = [];
  for (const name of RETRYABLE_STATES) {
    const [state = MessageState.UNSPECIFIED] = retryFilterOf({ state: [name] }).states;
    if (filter.states.includes(state)) continue;
    const count = await storedCount(run, queue, { ...filter, states: [state] });
    const lower = name.toLowerCase();
    const verb = count === 1n ? "is" : "are";
    if (count > 0n) hints.push(`${countText(count)} ${verb} ${lower}: add --state ${lower}`);
  }
  return hints.join("; ");
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
