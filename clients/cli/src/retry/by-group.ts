import { randomUUID } from "node:crypto";
import type { StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { firstNames } from "../output/names.ts";
import { countText } from "../output/numbers.ts";
import { countMessages } from "../reads/counts.ts";
import { selectionOf } from "../reads/groups.ts";
import type { Run } from "../run.ts";
import { retryFilterOf } from "./filter.ts";
import type { RetryOptions } from "./options.ts";
import { expectMissing, expectWrong, RetryResult } from "./result.ts";

/** Messages that are found and retried at a time: the service's limit of ids. */
const PAGE_SIZE = 1_000;
/** Queues that are named with their counts. */
const NAMED = 5;

/**
 * Retries messages of a group in all queues that match a pattern. They are counted first, and found and retried page by
 * page after that, because the filter of Retry has no groups. So a message that joins the group meanwhile may be among
 * them, but never more are retried than expected.
 *
 * @throws {CliError} without `expect`, or if another number matches
 */
export async function retryGroup(
  run: Run,
  pattern: string,
  options: RetryOptions,
): Promise<ExitCode | undefined> {
  const { expect, dryRun = false, state = ["quarantined"] } = options;
  retryFilterOf(options); // refuses states that cannot be retried
  const filter = await selectionOf(run, { ...options, state });
  const counts = await countMessages(run, { queue: pattern, filter, by: ["message.queue"] });
  if (!counts.done) {
    run.print.note("Nothing was retried: interrupted.");
    return EXIT.interrupted;
  }
  const total = counts.counts.reduce((sum, { count }) => sum + count, counts.otherCount);
  if (expect === undefined) {
    const named = counts.counts.map(({ values, count }) => `${values[0]} ${countText(count)}`);
    throw expectMissing(total, total === 0n ? " now" : ` now (${firstNames(named, NAMED)})`);
  }
  if (total !== BigInt(expect)) throw expectWrong(expect, total);
  const result = await retryPages(run, { queue: pattern, filter, expect, dryRun });
  return result.report(run, dryRun);
}

interface Selection {
  readonly queue: string;
  readonly filter: string;
  readonly expect: number;
  readonly dryRun: boolean;
}

async function retryPages(
  run: Run,
  { queue, filter, expect, dryRun }: Selection,
): Promise<RetryResult> {
  const result = new RetryResult();
  const progress = run.print.progress();
  let pageToken = "";
  let left = expect;
  try {
    while (left > 0) {
      const pageSize = Math.min(PAGE_SIZE, left);
      const page = await run.admin.listMessages({ queue, filter, pageSize, pageToken }, run.call);
      for (const [name, ids] of idsByQueue(page.messages)) {
        const request = { queue: name, ids, requestId: randomUUID(), dryRun };
        result.add(await run.dlq.retry(request, run.call));
        left -= ids.length;
        result.answer.remainingCount = left;
        progress.show(`retried ${countText(expect - left)} of ${countText(expect)}`);
      }
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
  } catch (error) {
    if (!run.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  return result;
}

function idsByQueue(messages: readonly StoredMessage[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { message } of messages) {
    if (message === undefined) continue;
    const own = ids.get(message.queue) ?? [];
    own.push(message.id);
    ids.set(message.queue, own);
  }
  return ids;
}
