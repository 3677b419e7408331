import { create } from "@bufbuild/protobuf";
import {
  type QueueStats,
  type StatsResponse,
  StatsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Run } from "../run.ts";
import { isPattern, matches } from "../values/pattern.ts";

/** Names of one call. */
const NAMES_A_CALL = 1_000;

/**
 * Returns the counts of queues. Without names: of all queues. A name may be a pattern; a queue that is named exactly
 * need not exist.
 */
export async function readStats(
  run: Run,
  names: readonly string[] = [],
  call = run.call,
): Promise<StatsResponse> {
  if (names.length > 0 && !names.some(isPattern)) return readNamed(run, names, call);
  const queues: QueueStats[] = [];
  const response = create(StatsResponseSchema);
  let pageToken = "";
  do {
    const page = await run.dlq.stats({ pageToken }, call);
    const wanted =
      names.length === 0 ? page.queues : page.queues.filter(({ queue }) => matches(names, queue));
    queues.push(...wanted);
    response.storeTime ??= page.storeTime;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return summed(response, queues);
}

async function readNamed(
  run: Run,
  names: readonly string[],
  call: Run["call"],
): Promise<StatsResponse> {
  const queues: QueueStats[] = [];
  const response = create(StatsResponseSchema);
  for (let at = 0; at < names.length; at += NAMES_A_CALL) {
    const page = await run.dlq.stats({ queues: names.slice(at, at + NAMES_A_CALL) }, call);
    queues.push(...page.queues);
    response.storeTime ??= page.storeTime;
  }
  return summed(response, queues);
}

/** Fills the totals, which an answer has of its page only. */
function summed(response: StatsResponse, queues: QueueStats[]): StatsResponse {
  response.queues = queues;
  response.totalMessages = queues.reduce((sum, queue) => sum + messagesOf(queue), 0n);
  response.totalPoisonMessages = queues.reduce((sum, { quarantined }) => sum + quarantined, 0n);
  return response;
}

/** Returns how many messages a queue holds in any state. */
export function messagesOf({ scheduled, inFlight, quarantined }: QueueStats): bigint {
  return scheduled + inFlight + quarantined;
}

/** Returns the names of queues that have something, without asking about queues that are named exactly. */
export async function queuesWith(
  run: Run,
  names: readonly string[],
  hasIt: (queue: QueueStats) => boolean,
): Promise<readonly string[]> {
  if (names.length > 0 && !names.some(isPattern)) return names;
  const { queues } = await readStats(run, names);
  return queues.filter(hasIt).map(({ queue }) => queue);
}
