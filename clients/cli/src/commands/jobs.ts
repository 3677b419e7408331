import type { Command } from "commander";
import type { BatchJob } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { CliError, EXIT } from "../errors.ts";
import { listJobs } from "../jobs/list.ts";
import { printJob, watchJob } from "../jobs/watch.ts";
import { jobLines } from "../output/job-facts.ts";
import { jobStateName } from "../output/job-lines.ts";
import { countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";

/** Adds `jobs`: shows and controls batch jobs. */
export function addJobs(program: Command, withRun: WithRun): void {
  const jobs = program.command("jobs").alias("job").summary("Show and control batch jobs");
  jobs.description("Lists, shows, watches, pauses, resumes or cancels batch jobs.");
  addCommand<{ readonly limit?: number }>(jobs, withRun, {
    usage: "list",
    isDefault: true,
    summary: "List batch jobs, the latest first",
    examples: [["dlq jobs", "who did what, and why"]],
    options: (command) =>
      command.option("-n, --limit <count>", "most jobs to list [20]", parseCount(1)),
    run: async (run, { limit = 20 }) => {
      await listJobs(run, limit);
      return undefined;
    },
  });
  addCommand(jobs, withRun, {
    usage: "show <job>",
    summary: "Show a job: its counts, what was refused and why, and samples",
    examples: [["dlq jobs show j-12", "all that is known of it"]],
    run: async (run, _, [id = ""]) => {
      const { print } = run;
      const { job } = await lookUp("job", id, run.admin.getBatchJob({ id }, run.call));
      if (job === undefined) throw new CliError(EXIT.notFound, `there is no job ${id}`);
      if (!print.isTable) printJob(run, job);
      else print.lines(jobLines(job, print.times(), print.style, print.width));
      return undefined;
    },
  });
  addCommand(jobs, withRun, {
    usage: "watch <job>",
    summary: "Show how far a job is, until it has ended",
    details:
      "Ctrl-C leaves the job running. The exit code is 1 unless the job ends as DONE; also if messages were refused and none was acted on.",
    examples: [["dlq jobs watch j-12", "with its rate and the time left"]],
    run: (run, _, [id = ""]) => watchJob(run, id, true),
  });
  for (const control of CONTROLS) addControl(jobs, withRun, control);
}

/** A command that changes how a job stands, its call, and the purpose of its example. */
interface Control {
  readonly name: string;
  readonly summary: string;
  readonly purpose: string;
  readonly call: (run: Run, id: string) => Promise<{ readonly job?: BatchJob | undefined }>;
}

const CONTROLS: readonly Control[] = [
  {
    name: "pause",
    summary: "Hold a job: within a second it acts on no further messages",
    purpose: "until it is resumed",
    call: ({ admin, call }, id) => admin.pauseBatchJob({ id }, call),
  },
  {
    name: "resume",
    summary: "Let a paused job continue where it was",
    purpose: "it continues",
    call: ({ admin, call }, id) => admin.resumeBatchJob({ id }, call),
  },
  {
    name: "cancel",
    summary: "End a job, for good; what it has done stays",
    purpose: "it acts on no further messages",
    call: ({ admin, call }, id) => admin.cancelBatchJob({ id }, call),
  },
];

function addControl(jobs: Command, withRun: WithRun, control: Control): void {
  addCommand(jobs, withRun, {
    usage: `${control.name} <job>`,
    summary: control.summary,
    examples: [[`dlq jobs ${control.name} j-12`, control.purpose]],
    run: async (run, _, [id = ""]) => {
      const { print } = run;
      const { job } = await lookUp("job", id, control.call(run, id));
      if (job === undefined) throw new CliError(EXIT.notFound, `there is no job ${id}`);
      if (!print.isTable) printJob(run, job);
      else print.lines([`${job.id} is ${jobStateName(job.state)}; ${soFar(job)}.`]);
      return undefined;
    },
  });
}

/** Returns `1,991 done so far`: a step that a server has begun may still add some. */
function soFar({ counts }: BatchJob): string {
  return `${countText(counts?.doneCount ?? 0n)} done so far`;
}
