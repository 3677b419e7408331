import { create, toBinary } from "@bufbuild/protobuf";
import {
  type BatchJob,
  type BatchJobSpec,
  BatchJobSpecSchema,
  type Canary,
} from "../../../gen/dlq/v1/batch_job_pb.ts";
import {
  type CreateBatchJobRequest,
  type ListBatchJobsRequest,
  type ListBatchJobsResponse,
  ListBatchJobsResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { parseMessageId } from "../../core/message-id.ts";
import { LIMITS } from "../../core/settings.ts";
import { compileFilter } from "../../rules/filter.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { type Query, readPageToken, writePageToken } from "./page-token.ts";
import { readPageSize } from "./pages.ts";
import { readDurationMs } from "./time.ts";
import { readTransforms } from "./transform.ts";
import { checkCount, checkQueue, checkRequestId, Violations } from "./violations.ts";

const GROUP_ID = /^[0-9a-f]{6,16}$/;
const JOB_ID = /^j-([1-9][0-9]{0,14})$/;
const { batchJob: MOST } = WIRE_LIMITS;

export function readCreateJob(request: CreateBatchJobRequest): {
  spec: BatchJobSpec;
  requestId: string;
} {
  const v = new Violations();
  const { spec, requestId } = request;
  checkRequestId(v, requestId);
  if (spec === undefined) v.add("spec", "is required: what the job does, and to which messages");
  else checkSpec(v, spec);
  v.throwIfAny();
  return { spec: spec as BatchJobSpec, requestId };
}

function checkSpec(v: Violations, spec: BatchJobSpec): void {
  const { queue, filter, groupId, ids, expectedCount, maxRate, reason } = spec;
  readPattern(v, queue, "spec.queue");
  if (queue === "") v.add("spec.queue", "is empty; give a queue, or a pattern such as *");
  readExpression(v, "spec.filter", () => compileFilter(filter));
  if (groupId !== "" && !GROUP_ID.test(groupId))
    v.add("spec.group_id", "is not the id of a group, nor the first 6 or more digits of one");
  checkCount(v, "spec.ids", ids.length, 0, LIMITS.retryIds);
  if (ids.some((id) => parseMessageId(id) === undefined))
    v.add("spec.ids", "has an entry that is not the id of a message");
  checkAction(v, spec);
  if (expectedCount !== undefined) {
    const { min, max } = expectedCount;
    if (min < 0n || max < min) v.add("spec.expected_count", `${min} to ${max} is no range`);
  }
  if (!(maxRate === 0 || (maxRate >= MOST.minRate && maxRate <= MOST.maxRate)))
    v.add("spec.max_rate", `is ${maxRate}; 0, or ${MOST.minRate} to ${MOST.maxRate} are allowed`);
  const bytes = toBinary(BatchJobSpecSchema, spec).length;
  if (bytes > MOST.specBytes)
    v.add(
      "spec",
      `has ${bytes} bytes; at most ${MOST.specBytes} are allowed: shorten transforms or ids`,
    );
  if (Buffer.byteLength(reason) > MOST.reasonBytes)
    v.add("spec.reason", `is longer than ${MOST.reasonBytes} bytes`);
}

function checkAction(v: Violations, { action, groupId }: BatchJobSpec): void {
  switch (action.case) {
    case undefined:
      v.add("spec.action", "is required: retry, edit, quarantine, discard, purge or move");
      return;
    case "retry":
      readTransforms(v, "spec.retry.transforms", action.value.transforms);
      checkCanary(v, action.value.canary);
      if (action.value.resolveGroup && groupId === "")
        v.add("spec.retry.resolve_group", "needs spec.group_id: the group that is resolved");
      return;
    case "edit":
      readTransforms(v, "spec.edit.transforms", action.value.transforms);
      if (action.value.transforms.length === 0)
        v.add("spec.edit.transforms", "is empty; give at least one");
      return;
    case "move":
      checkQueue(v, "spec.move.queue", action.value.queue);
      return;
  }
}

function checkCanary(v: Violations, canary: Canary | undefined): void {
  if (canary === undefined) return;
  const { percents, minSuccessRatio, deadline } = canary;
  const field = "spec.retry.canary";
  checkCount(v, `${field}.percents`, percents.length, 0, MOST.percents);
  if (percents.some((one, at) => !(one > (percents[at - 1] ?? 0) && one <= 100)))
    v.add(`${field}.percents`, "are not more than 0, at most 100, and each larger than the last");
  if (!(minSuccessRatio >= 0 && minSuccessRatio <= 1))
    v.add(
      `${field}.min_success_ratio`,
      `is ${minSuccessRatio}; more than 0 and at most 1 is allowed`,
    );
  readDurationMs(v, `${field}.deadline`, deadline, MOST.deadlineMinMs, MOST.deadlineMaxMs);
}

/** Returns the number of a job. */
export function readJobId({ id }: { id: string }): number {
  const v = new Violations();
  const number = JOB_ID.exec(id)?.[1];
  if (number === undefined) v.add("id", "is not the id of a batch job, such as j-8");
  v.throwIfAny();
  return Number(number);
}

/** Jobs below this number. Undefined: from the latest on. */
export function readListJobs(request: ListBatchJobsRequest): {
  below: number | undefined;
  count: number;
} {
  const v = new Violations();
  const count = readPageSize(v, request.pageSize, MOST.pageDefault);
  if (count > MOST.pageMax) v.add("page_size", `is ${count}; at most ${MOST.pageMax} are allowed`);
  const below = readPageToken(v, request.pageToken, ALL_JOBS, ([text = ""]) =>
    /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined,
  );
  v.throwIfAny();
  return { below, count };
}

export function writeJobs({
  jobs,
  next,
}: {
  jobs: readonly BatchJob[];
  next: number | undefined;
}): ListBatchJobsResponse {
  const nextPageToken = next === undefined ? "" : writePageToken(ALL_JOBS, [next]);
  return create(ListBatchJobsResponseSchema, { jobs: [...jobs], nextPageToken });
}

const ALL_JOBS: Query = { values: ["jobs"], names: "list" };
