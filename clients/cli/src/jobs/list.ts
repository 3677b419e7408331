import { create } from "@bufbuild/protobuf";
import {
  type BatchJob,
  BatchJobSchema,
  BatchJobState,
} from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { ListBatchJobsResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { actionText } from "../output/job-facts.ts";
import { doneText, jobStateName } from "../output/job-lines.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import type { Run } from "../run.ts";

const BAD: ReadonlySet<BatchJobState> = new Set([BatchJobState.FAILED, BatchJobState.STOPPED]);
/** The service's limit of one call. */
const PAGE_SIZE = 100;

/** Prints the latest jobs. */
export async function listJobs(run: Run, limit: number): Promise<void> {
  const { print } = run;
  const answer = create(ListBatchJobsResponseSchema);
  do {
    const pageSize = Math.min(PAGE_SIZE, limit - answer.jobs.length);
    const page = await run.admin.listBatchJobs(
      { pageSize, pageToken: answer.nextPageToken },
      run.call,
    );
    answer.jobs.push(...page.jobs);
    answer.nextPageToken = page.nextPageToken;
  } while (answer.nextPageToken !== "" && answer.jobs.length < limit);
  const { jobs, nextPageToken } = answer;
  if (print.answer(ListBatchJobsResponseSchema, answer, BatchJobSchema, jobs)) return;
  if (jobs.length > 0) print.table(columns(print.times()), jobs);
  else print.note("There are no batch jobs.");
  if (nextPageToken !== "") print.note("There are more: give a larger --limit.");
}

function columns(times: Times): Column<BatchJob>[] {
  return [
    { title: "ID", text: ({ id }) => id, paint: (_, style) => style.strong },
    { title: "ACTION", text: ({ spec }) => actionText(spec), least: 8 },
    { title: "QUEUE", text: ({ spec }) => spec?.queue ?? "", least: 8 },
    {
      title: "STATE",
      text: ({ state }) => jobStateName(state),
      paint: ({ state }, style) => (BAD.has(state) ? style.bad : (text: string) => text),
    },
    { title: "DONE", text: doneText, align: "right" },
    { title: "WHO", text: ({ caller }) => caller || "-", least: 5 },
    { title: "AGE", text: ({ createTime }) => times.age(createTime), align: "right" },
    { title: "REASON", text: ({ spec }) => spec?.reason ?? "", least: 8, isCutFirst: true },
  ];
}
