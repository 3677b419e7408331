import { DeleteQueueResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { QueueStats } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { confirm } from "../confirm.ts";
import { CliError, EXIT } from "../errors.ts";
import { countedText, countText } from "../output/numbers.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { sampleLines } from "../reads/sample.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { readQueue } from "./change.ts";

/** Options of `queue delete`. */
export interface DeleteOptions {
  /** How many messages it must hold. */
  readonly expect?: number;
  readonly yes?: true;
}

/**
 * Deletes a queue with its messages, if it holds as many as were shown and its settings are those that were read.
 *
 * @throws {CliError} for an unknown queue, another count than expected, messages in flight, or if nobody can be asked
 */
export async function deleteQueue(
  run: Run,
  name: string,
  { expect, yes }: DeleteOptions,
): Promise<void> {
  const { print } = run;
  await requireQueues(run, [name]);
  const { etag } = await readQueue(run, name);
  const { queues } = await readStats(run, [name]);
  // Without states: of all three.
  const deleted = await run.admin.listDeleted({ queue: name, pageSize: 1 }, run.call);
  const [stats] = queues;
  const count = stats === undefined ? 0n : messagesOf(stats);
  const what = `${name} holds ${contentText(stats, count)}`;
  if (expect !== undefined && BigInt(expect) !== count)
    throw new CliError(EXIT.failed, `--expect is ${expect}, but ${what}; nothing was deleted`);
  if ((stats?.inFlight ?? 0n) > 0n) {
    throw new CliError(
      EXIT.failed,
      `${what}; nothing was deleted, because workers hold messages`,
      `dlq queue pause ${name}, and wait for their outcomes`,
    );
  }
  const sample = await sampleLines(run, { queue: name, filter: "", count });
  const isWanted = await confirm(run, {
    ...{ what: `${what}${keptText(deleted.totalCount)}`, sample, yes },
    question: "Delete the queue with its messages and settings?",
    purpose: "delete the queue",
    refusal: "nothing was deleted",
  });
  if (!isWanted) return;
  const request = { queue: name, expectedCount: count, etag };
  const answer = await run.admin.deleteQueue(request, run.call);
  if (!print.isTable) print.message(DeleteQueueResponseSchema, answer);
  else print.lines([`Deleted ${name} with ${countedText(answer.deletedCount, "message")}.`]);
}

/** Returns what Undelete could bring back until now: `, and keeps 400 deleted ones, which are erased too`. */
function keptText(count: number): string {
  if (count === 0) return "";
  const [ones, are] = count === 1 ? ["one", "is"] : ["ones", "are"];
  return `, and keeps ${countText(count)} deleted ${ones}, which ${are} erased too`;
}

function contentText(stats: QueueStats | undefined, count: bigint): string {
  if (stats === undefined || count === 0n) return "no messages";
  const { quarantined, scheduled, inFlight } = stats;
  const states = [
    [quarantined, "quarantined"],
    [scheduled, "scheduled"],
    [inFlight, "in flight"],
  ] as const;
  const shown = states.filter(([of]) => of > 0n).map(([of, state]) => `${countText(of)} ${state}`);
  return `${countedText(count, "message")}: ${shown.join(", ")}`;
}
