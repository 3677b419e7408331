import { create } from "@bufbuild/protobuf";
import { type BatchJob, BatchJobState } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { GetBatchJobResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { sliceLines } from "../output/canary-lines.ts";
import { resultLines } from "../output/job-lines.ts";
import { JobProgress } from "../output/job-progress.ts";
import { followJob, hasEnded } from "../reads/job.ts";
import type { Run } from "../run.ts";

/**
 * Shows how far a job is until it has ended, and then what came of it. Ctrl-C leaves the job running. Returns the exit code:
 * that of a failure unless the job is DONE and, if messages were refused, has done something.
 *
 * @param isEach whether JSON lines have each change, not only the end
 */
export async function watchJob(
  run: Run,
  id: string,
  isEach: boolean,
): Promise<ExitCode | undefined> {
  const { print } = run;
  const isLines = isEach && print.format === "jsonl";
  const job = await lastOf(run, id, isLines);
  if (job === undefined || !hasEnded(job)) {
    print.note(continuesNote(id));
    return EXIT.interrupted;
  }
  if (print.isTable) print.lines(resultLines(job));
  else if (!isLines) printJob(run, job);
  return job.state === BatchJobState.DONE && !isAllRefused(job) ? undefined : EXIT.failed;
}

function isAllRefused({ counts }: BatchJob): boolean {
  return counts !== undefined && counts.doneCount === 0n && counts.refused.length > 0;
}

/** Returns a note about a job that is no longer watched. */
export function continuesNote(id: string): string {
  return `${id} continues: \`dlq jobs watch ${id}\` shows it again, \`dlq jobs cancel ${id}\` ends it.`;
}

/** Prints a job as JSON of the service's answer. */
export function printJob({ print }: Run, job: BatchJob): void {
  print.message(GetBatchJobResponseSchema, create(GetBatchJobResponseSchema, { job }));
}

/** Shows changes of a job, and returns it as it is at its end or at Ctrl-C. */
async function lastOf(run: Run, id: string, isLines: boolean): Promise<BatchJob | undefined> {
  const { print } = run;
  const line = print.progress();
  const progress = new JobProgress();
  let last: BatchJob | undefined;
  let shown = "";
  let slices = 0;
  try {
    for await (const job of followJob(run, id)) {
      last = job;
      if (isLines) printJob(run, job);
      const over = job.slices.filter(({ endTime }) => endTime !== undefined);
      if (print.isTable && over.length > slices) {
        line.end();
        print.lines(over.slice(slices).flatMap((slice) => sliceLines(slice, `${id} `)));
      }
      slices = over.length;
      if (hasEnded(job)) continue;
      line.show(progress.withRate(job));
      const text = progress.stand(job);
      if (print.isTable && !print.isTerminal && text !== shown) print.lines([text]);
      shown = text;
    }
  } finally {
    line.end();
  }
  return last;
}
