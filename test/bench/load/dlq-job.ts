// Runs a batch job of this service, and watches it.

import { setTimeout as delay } from "node:timers/promises";
import { type BatchJob, BatchJobState } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { type AdminClient, msOf } from "../../support/grpc.ts";
import type { JobCommand, LoadResult } from "./commands.ts";
import type { Running } from "./serve-commands.ts";

const LOOK_MS = 100;
const ENDED: ReadonlySet<BatchJobState> = new Set([
  BatchJobState.DONE,
  BatchJobState.CANCELLED,
  BatchJobState.FAILED,
  BatchJobState.STOPPED,
]);

/** The result has the times at which the job was created and ended, by the store's clock. Rejects if the job fails. */
export async function runJob(
  admin: AdminClient,
  { queue, maxRate = 0 }: JobCommand,
  { stop, done }: Running,
): Promise<LoadResult> {
  const startedAtMs = performance.now();
  const action = { case: "retry", value: {} } as const;
  const spec = { queue, filter: 'state == "QUARANTINED"', maxRate, action };
  const { job } = await admin.createBatchJob({ spec });
  const tookMs = performance.now() - startedAtMs;
  const id = job?.id ?? "";
  let counted = 0;
  for (;;) {
    if (stop.aborted) await admin.cancelBatchJob({ id });
    const { job: seen } = await admin.getBatchJob({ id });
    if (seen === undefined) throw new Error("the answer has no job");
    const count = doneOf(seen);
    done(count - counted);
    counted = count;
    if (ENDED.has(seen.state)) return resultOf(seen, tookMs);
    await delay(LOOK_MS, undefined, { signal: stop }).catch(() => {});
  }
}

function resultOf(job: BatchJob, tookMs: number): LoadResult {
  const { state, problem, createTime, endTime } = job;
  if (state !== BatchJobState.DONE && state !== BatchJobState.CANCELLED) {
    throw new Error(`the job ended in state ${state}: ${problem}`);
  }
  const times = { firstAtMs: msOf(createTime), lastAtMs: msOf(endTime) };
  return { count: doneOf(job), ...times, p50Ms: tookMs };
}

const doneOf = ({ counts }: BatchJob): number => Number(counts?.doneCount ?? 0n);
