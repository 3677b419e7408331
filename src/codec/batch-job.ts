import {
  clone,
  create,
  equals,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type Duration,
  durationFromMs,
  durationMs,
  type Timestamp,
  timestampFromMs,
  timestampMs,
} from "@bufbuild/protobuf/wkt";
import {
  type BatchJobPlace,
  BatchJobPlaceSchema,
  type BatchJobProgress,
  BatchJobProgressSchema,
  type BatchJobRecord,
  BatchJobRecordSchema,
} from "../../gen/dlq/storage/v1/batch_job_pb.ts";
import {
  type BatchJob,
  type BatchJobCounts,
  BatchJobCountsSchema,
  type BatchJobRefusal,
  BatchJobRefusalSchema,
  type BatchJobSample,
  BatchJobSampleSchema,
  BatchJobSchema,
  type BatchJobSpec,
  BatchJobSpecSchema,
  BatchJobState,
  type Canary,
  type CanaryFailure,
  CanaryFailureSchema,
  type CanarySlice,
  CanarySliceSchema,
} from "../../gen/dlq/v1/batch_job_pb.ts";
import { MessageContentSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { MessageContent } from "../core/message.ts";
import { wirePayload } from "./message.ts";

export type {
  BatchJob,
  BatchJobCounts,
  BatchJobProgress,
  BatchJobRecord,
  BatchJobRefusal,
  BatchJobSample,
  BatchJobSpec,
  Canary,
  CanaryFailure,
  CanarySlice,
};
/** Batch jobs as the contract has them, and as they are stored. */
export { BatchJobState };

/** A place in the order in which a job works: by queue, then in order of arrival. */
export interface JobPlace {
  /** Empty: before the first one. */
  queue: string;
  /** The last message that was looked at. Undefined: none. */
  message: { chunk: number; id: Uint8Array } | undefined;
}

export function newJobRecord(
  fields: MessageInitShape<typeof BatchJobSchema>,
  createdMs: number,
): BatchJobRecord {
  const time = timestampFromMs(createdMs);
  return create(BatchJobRecordSchema, {
    job: create(BatchJobSchema, {
      ...fields,
      createTime: time,
      updateTime: time,
      counts: newCounts(),
    }),
    createdMs: BigInt(createdMs),
  });
}

/** Throws on damaged bytes. */
export const decodeJobRecord = (bytes: Uint8Array): BatchJobRecord =>
  fromBinary(BatchJobRecordSchema, bytes);

export const encodeJobRecord = (record: BatchJobRecord): Uint8Array =>
  toBinary(BatchJobRecordSchema, record);

export function placeIn({ place }: Pick<BatchJobRecord, "place">): JobPlace {
  const { queue = "", chunk = 0n, id = NOTHING } = place ?? {};
  return { queue, message: id.length === 0 ? undefined : { chunk: Number(chunk), id } };
}

export const encodePlace = ({ queue, message }: JobPlace): BatchJobPlace =>
  create(BatchJobPlaceSchema, {
    queue,
    chunk: BigInt(message?.chunk ?? 0),
    id: message?.id ?? NOTHING,
  });

/** Throws on damaged bytes. */
export function decodeJobProgress(bytes: Uint8Array): { counts: BatchJobCounts; place: JobPlace } {
  const progress = fromBinary(BatchJobProgressSchema, bytes);
  return { counts: progress.counts ?? newCounts(), place: placeIn(progress) };
}

export function encodeJobProgress(counts: BatchJobCounts, place: JobPlace): Uint8Array {
  const progress = create(BatchJobProgressSchema, { counts, place: encodePlace(place) });
  return toBinary(BatchJobProgressSchema, progress);
}

/** Before the first message of the first queue. */
export const START: JobPlace = { queue: "", message: undefined };

/** For logs and errors: `DONE`. */
export const jobStateName = (state: BatchJobState): string =>
  Object.entries(BatchJobState).find(([, number]) => number === state)?.[0] ?? String(state);
/** When a job changed or ended, in its record. */
export const jobTime = (nowMs: number) => timestampFromMs(nowMs);
export const jobTimeMs = (time: Timestamp | undefined): number | undefined =>
  time && timestampMs(time);
export const jobDuration = (ms: number): Duration => durationFromMs(ms);
export const millisOf = (duration: Duration | undefined): number | undefined =>
  duration && durationMs(duration);
export const isSameSpec = (a: BatchJobSpec, b: BatchJobSpec): boolean =>
  equals(BatchJobSpecSchema, a, b);
export const copyJob = (job: BatchJob): BatchJob => clone(BatchJobSchema, job);
export const newCounts = (): BatchJobCounts => create(BatchJobCountsSchema);
export const copyCounts = (counts: BatchJobCounts): BatchJobCounts =>
  clone(BatchJobCountsSchema, counts);
export const newRefusal = (fields: MessageInitShape<typeof BatchJobRefusalSchema>) =>
  create(BatchJobRefusalSchema, fields);
export const newSlice = (fields: MessageInitShape<typeof CanarySliceSchema>) =>
  create(CanarySliceSchema, fields);
export const newCanaryFailure = (fields: MessageInitShape<typeof CanaryFailureSchema>) =>
  create(CanaryFailureSchema, fields);
export const newSample = (fields: Pick<BatchJobSample, "queue" | "id" | "failure">) =>
  create(BatchJobSampleSchema, fields);
/** Adds what the edits of a job make of a sample. */
export function showEdits(
  sample: BatchJobSample,
  {
    before,
    after,
    redacted,
  }: { before: MessageContent; after: MessageContent; redacted: readonly string[] },
): void {
  sample.before = encodeContent(before);
  sample.after = encodeContent(after);
  sample.redacted = [...redacted];
}

const encodeContent = ({ payload, attributes }: MessageContent) =>
  create(MessageContentSchema, { payload: wirePayload(payload), attributes: { ...attributes } });

const NOTHING = new Uint8Array();
