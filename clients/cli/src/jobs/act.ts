import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type BatchJob,
  type BatchJobSpecSchema,
  BatchJobState,
} from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { confirm, refusalNote } from "../confirm.ts";
import { CliError, EXIT, type ExitCode } from "../errors.ts";
import { type ActionInit, type ActionWords, actionWords } from "../output/action-words.ts";
import { escaped } from "../output/escape.ts";
import { jobStateName, previewLines } from "../output/job-lines.ts";
import { JobProgress } from "../output/job-progress.ts";
import { countedText, countText } from "../output/numbers.ts";
import { selectionOf } from "../reads/groups.ts";
import { followJob, hasEnded } from "../reads/job.ts";
import { requireQueues } from "../reads/known-queues.ts";
import type { Run } from "../run.ts";
import { missingLines, nothingCode } from "./ids.ts";
import type { ActOptions } from "./options.ts";
import { continuesNote, printJob, watchJob } from "./watch.ts";

type SpecInit = MessageInitShape<typeof BatchJobSpecSchema> & object;

/**
 * Counts messages by a dry run, shows them, asks, and acts on them by a job that expects the same number. Returns the exit code.
 *
 * @param queue a queue or a pattern
 * @throws {CliError} for an unknown queue, another number than expected, or if nobody can be asked
 */
export async function actOnMany(
  run: Run,
  queue: string,
  action: ActionInit,
  options: ActOptions,
): Promise<ExitCode | undefined> {
  const { print } = run;
  await requireQueues(run, [queue]);
  const spec: SpecInit = {
    ...{ queue, action, filter: await selectionOf(run, options), ids: [...(options.ids ?? [])] },
    ...{ maxRate: options.rate ?? 0, reason: options.why ?? "" },
    showRedacted: options.showRedacted === true,
    // What the filter selects is of this group already.
    ...(options.resolve === true && { groupId: options.group ?? "" }),
  };
  const words = actionWords(action);
  const preview = await previewOf(run, spec, words).catch((error: unknown) => {
    if (run.signal.aborted) print.note(refusalNote(words.refusal));
    throw error;
  });
  const count = preview.counts?.selectedCount ?? 0n;
  const what = whatText(preview, words);
  if (options.expect !== undefined && BigInt(options.expect) !== count)
    throw new CliError(
      EXIT.failed,
      `--expect is ${options.expect}, but there are ${what}; ${words.refusal}`,
      "--dry-run shows them",
    );
  const sample = [...previewLines(preview, print.width), ...missingLines(preview)];
  if (options.dryRun === true || count === 0n) {
    if (!print.isTable) printJob(run, preview);
    else print.lines([count === 0n ? `${what}; ${words.refusal}.` : `${what}.`, ...sample]);
    return count === 0n ? nothingCode(preview) : undefined;
  }
  const { request, refusal } = words;
  const isWanted = await confirm(run, {
    ...{ what, sample, refusal, purpose: request, yes: options.yes },
    question: `${request.charAt(0).toUpperCase()}${request.slice(1)}?`,
  });
  if (!isWanted) return undefined;
  const job = await createJob(run, { ...spec, expectedCount: { min: count, max: count } });
  if (options.detach !== true) return watchNew(run, job.id);
  if (!print.isTable) printJob(run, job);
  else print.lines([`${job.id} has begun: \`dlq jobs watch ${job.id}\` shows it.`]);
  return undefined;
}

async function watchNew(run: Run, id: string): Promise<ExitCode | undefined> {
  try {
    return await watchJob(run, id, false);
  } catch (error) {
    run.print.note(continuesNote(id)); // the servers work on it
    throw error;
  }
}

/** Returns `1,204 messages in orders; 3 may run twice`. */
function whatText({ spec, counts }: BatchJob, { mayRunTwice }: ActionWords): string {
  const place = spec?.queue === "*" ? "all queues" : escaped(spec?.queue ?? "");
  const unknown = mayRunTwice ? (counts?.outcomeUnknownCount ?? 0n) : 0n;
  const twice = unknown === 0n ? "" : `; ${countText(unknown)} may run twice`;
  const notKept = counts?.notKeptCount ?? 0n;
  const lost = notKept === 0n ? "" : `; ${countText(notKept)} cannot be brought back`;
  return `${countedText(counts?.selectedCount ?? 0n, "message")} in ${place}${twice}${lost}`;
}

/** For a dry run that nobody waits for. */
const CANCEL = { timeoutMs: 2_000 };

/** Returns a dry run that is done. @throws {CliError} after Ctrl-C, or if it fails */
async function previewOf(run: Run, spec: SpecInit, { refusal }: ActionWords): Promise<BatchJob> {
  const line = run.print.progress();
  const progress = new JobProgress();
  let { job } = await run.admin.createBatchJob({ spec: { ...spec, dryRun: true } }, run.call);
  if (job === undefined) throw new CliError(EXIT.failed, "the service sent no job");
  const { id } = job;
  try {
    for await (const next of followJob(run, id)) {
      job = next;
      line.show(progress.withRate(job));
    }
  } finally {
    line.end();
    if (!hasEnded(job)) await run.admin.cancelBatchJob({ id }, CANCEL).catch(() => {});
  }
  if (run.signal.aborted) throw new CliError(EXIT.interrupted, "interrupted");
  if (job.state === BatchJobState.DONE) return job;
  const why = job.problem === "" ? "" : `: ${job.problem}`;
  throw new CliError(
    EXIT.failed,
    `the dry run ${id} is ${jobStateName(job.state)}${why}; ${refusal}`,
    `\`dlq jobs show ${id}\` shows it`,
  );
}

/** Errors after which nobody knows whether the job was created. */
const UNCLEAR: ReadonlySet<Code> = new Set([
  ...[Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Unknown, Code.Internal],
]);

async function createJob(run: Run, spec: SpecInit): Promise<BatchJob> {
  try {
    const { job } = await run.admin.createBatchJob({ spec, requestId: randomUUID() }, run.call);
    if (job !== undefined) return job;
  } catch (error) {
    if (error instanceof ConnectError && UNCLEAR.has(error.code))
      run.print.note("There is no answer, but the job may have begun: `dlq jobs` lists jobs.");
    throw error;
  }
  throw new CliError(EXIT.failed, "the service sent no job", "`dlq jobs` lists jobs");
}
