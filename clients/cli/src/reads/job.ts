import { ConnectError } from "@connectrpc/connect";
import type { BatchJob } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { lookUp, reasonOf } from "../call-errors.ts";
import type { Run } from "../run.ts";
import { isLasting, pauseAfter, responsesInTime, STREAM_ENDED, whyEnded } from "./streams.ts";

/** Reports whether a job has ended. */
export function hasEnded({ endTime }: BatchJob): boolean {
  return endTime !== undefined;
}

/**
 * Yields a job as it is, and after each change, until it has ended or Ctrl-C. When the server ends the stream or is
 * unavailable, it reconnects and continues, and notes both on stderr.
 *
 * @throws {CliError} if there is no such job. Rejects if the first call fails, or a later one fails for a lasting reason.
 */
export async function* followJob(run: Run, id: string): AsyncGenerator<BatchJob> {
  let isBegun = false;
  let failures = 0;
  while (!run.signal.aborted) {
    try {
      const responses = responsesInTime(run, (options) => run.admin.watchBatchJob({ id }, options));
      for await (const { job } of responses) {
        if (failures > 0) run.print.note("Reconnected; continuing.");
        failures = 0;
        isBegun = true;
        if (job === undefined) continue;
        yield job;
        if (hasEnded(job)) return;
      }
      throw STREAM_ENDED;
    } catch (error) {
      if (run.signal.aborted) return;
      const isGone = error instanceof ConnectError && reasonOf(error) === "NOT_FOUND";
      if (isGone) await lookUp("job", id, Promise.reject(error));
      if (!isBegun || isLasting(error)) throw error;
      if (failures === 0) run.print.note(`Stream ended${whyEnded(run, error)}; reconnecting.`);
    }
    await pauseAfter(run, failures++);
  }
}
