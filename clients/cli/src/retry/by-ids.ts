import { randomUUID } from "node:crypto";
import { type ExitCode, usageError } from "../errors.ts";
import { isMessageId, queuesOf } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import type { RetryOptions } from "./options.ts";
import { expectOtherIds, RetryResult } from "./result.ts";

/** The service's limit of one call. */
const IDS_A_CALL = 1_000;

/** Retries messages of any queues. @throws {CliError} for what is no id, or if there are not `expect` different ids */
export async function retryIds(
  run: Run,
  words: readonly string[],
  { queue: given, expect, dryRun = false }: RetryOptions,
): Promise<ExitCode | undefined> {
  const wrong = words.find((id) => !isMessageId(id));
  if (wrong !== undefined)
    throw usageError(`"${wrong}" is no id of a message`, "`dlq ls --ids` prints ids");
  const ids = [...new Set(words.map((id) => id.toLowerCase()))];
  if (expect !== undefined && expect !== ids.length) throw expectOtherIds(expect, ids.length);
  const result = new RetryResult();
  const byQueue = await queuesOf(run, ids, given);
  for (const id of byQueue.missing) result.addMissing(id);
  for (const [queue, own] of byQueue.queues) {
    for (let at = 0; at < own.length; at += IDS_A_CALL) {
      const part = own.slice(at, at + IDS_A_CALL);
      const request = { queue, ids: part, requestId: randomUUID(), dryRun };
      result.add(await run.dlq.retry(request, run.call));
    }
  }
  return result.report(run, dryRun);
}
