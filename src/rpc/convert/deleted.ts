import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DeletedMessageSchema,
  type ListDeletedRequest,
  type ListDeletedResponse,
  ListDeletedResponseSchema,
  UndeleteRefusal as Refusal,
  UndeleteMode,
  type UndeleteRequest,
  type UndeleteResponse,
  UndeleteResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import type {
  DeletedPlace,
  DeletedRange,
  DeletedState,
  ListedDeletedPage,
  UndeleteCommand,
  Undeleted,
  UndeleteRange,
  UndeleteRefusal,
} from "../../app/messages/deleted-admin.ts";
import { formatMessageId, parseMessageId } from "../../core/message-id.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import { LIMITS } from "../../core/settings.ts";
import { type Query, readPageToken, writePageToken } from "./page-token.ts";
import { readPageSize } from "./pages.ts";
import { STATE_NUMBERS } from "./states.ts";
import { readTimestampMs } from "./time.ts";
import { checkCount, checkQueue, checkRequestId, Violations } from "./violations.ts";

const STATES: readonly DeletedState[] = ["SUCCEEDED", "DISCARDED", "PURGED"];
const MODES: readonly number[] = Object.values(UndeleteMode);
const PAGE_DEFAULT = 100;
/** As late as a Timestamp may be. */
const LATEST_MS = 253_402_300_799_999;

const REFUSALS: Readonly<Record<UndeleteRefusal, Refusal>> = {
  MISSING: Refusal.NOT_FOUND,
  PRESENT: Refusal.NOT_DELETED,
  FULL_MESSAGES: Refusal.QUEUE_FULL,
  FULL_BYTES: Refusal.QUEUE_FULL,
  DELETING: Refusal.QUEUE_DELETING,
  DAMAGED: Refusal.DAMAGED,
};

interface RangeFields {
  queue: string;
  states: readonly MessageState[];
  fromTime?: Timestamp | undefined;
  toTime?: Timestamp | undefined;
}

const queryOf = ({ queue, states, fromTime, toTime }: RangeFields): Query => {
  const text = (time: Timestamp | undefined) => time && `${time.seconds}.${time.nanos}`;
  return {
    values: [queue, states.toSorted(), text(fromTime), text(toTime)],
    names: "queue, states or times",
  };
};

function readRange(v: Violations, request: RangeFields, all: readonly DeletedState[]) {
  const { states, fromTime, toTime } = request;
  checkQueue(v, "queue", request.queue);
  const named = states.flatMap((number, index) => {
    const found = STATES.find((state) => STATE_NUMBERS[state] === number);
    if (found === undefined) v.add(`states[${index}]`, `is not one of ${STATES.join(", ")}`);
    return found ?? [];
  });
  const timeOf = (field: string, time: Timestamp | undefined, absent: number) =>
    time === undefined ? absent : (readTimestampMs(v, field, time, LATEST_MS, "") ?? absent);
  const fromMs = Math.max(0, timeOf("from_time", fromTime, 0));
  const toMs = Math.max(0, timeOf("to_time", toTime, LATEST_MS));
  if (toMs < fromMs) v.add("to_time", "is before from_time");
  return {
    states: named.length === 0 ? all : STATES.filter((one) => named.includes(one)),
    fromMs,
    toMs,
  };
}

function placeOf([atMs = "", idText = "", ...rest]: readonly string[]): DeletedPlace | undefined {
  const id = parseMessageId(idText);
  return /^\d{1,15}$/.test(atMs) && id !== undefined && rest.length === 0
    ? { atMs: Number(atMs), id }
    : undefined;
}

const partsOf = ({ atMs, id }: DeletedPlace) => [atMs, formatMessageId(id)];

export function readListDeleted(request: ListDeletedRequest) {
  const v = new Violations();
  const range: DeletedRange = readRange(v, request, STATES);
  const pageSize = readPageSize(v, request.pageSize, PAGE_DEFAULT);
  const after = readPageToken(v, request.pageToken, queryOf(request), placeOf);
  v.throwIfAny();
  return { queue: request.queue, range, pageSize, after };
}

export function writeDeletedPage(
  request: ListDeletedRequest,
  { messages, total, next }: ListedDeletedPage,
): ListDeletedResponse {
  return create(ListDeletedResponseSchema, {
    totalCount: total,
    nextPageToken: next === undefined ? "" : writePageToken(queryOf(request), partsOf(next)),
    messages: messages.map((one) =>
      create(DeletedMessageSchema, {
        id: formatMessageId(one.id),
        queue: request.queue,
        state: STATE_NUMBERS[one.state],
        deleteTime: timestampFromMs(one.deletedAtMs),
        eraseTime: timestampFromMs(one.erasedAtMs),
        previousState: STATE_NUMBERS[one.before],
        reason: REASONS[one.reason],
        ...(one.quarantineReason && {
          quarantineReason: QUARANTINE_REASONS[one.quarantineReason],
        }),
        retryCount: one.attempts,
        deliveryCount: one.deliveries,
        workerId: one.workerId ?? "",
        batchJob: one.job?.id ?? "",
        caller: one.job?.caller ?? "",
        note: one.note,
      }),
    ),
  });
}

export function readUndelete(request: UndeleteRequest): UndeleteCommand {
  const v = new Violations();
  const { requestId, queue, mode } = request;
  checkRequestId(v, requestId);
  if (!MODES.includes(mode)) v.add("mode", "is unknown to this server");
  const by = request.fromTime === undefined ? readIds(v, request) : readTimes(v, request);
  v.throwIfAny();
  return { requestId, queue, by, toRetry: mode === UndeleteMode.RETRY };
}

function readIds(v: Violations, request: UndeleteRequest): UndeleteCommand["by"] {
  const { queue, ids, toTime, states, pageSize, pageToken } = request;
  checkQueue(v, "queue", queue);
  if (ids.length === 0) v.add("ids", "is empty; give ids or from_time");
  checkCount(v, "ids", ids.length, 0, LIMITS.retryIds);
  for (const [field, isGiven] of [
    ["to_time", toTime !== undefined],
    ["states", states.length > 0],
    ["page_size", pageSize !== 0],
    ["page_token", pageToken !== ""],
  ] as const) {
    if (isGiven) v.add(field, "is only for from_time; leave it out");
  }
  return { ids: ids.map(parseMessageId) };
}

function readTimes(v: Violations, request: UndeleteRequest): UndeleteRange {
  if (request.ids.length > 0) v.add("from_time", "contradicts ids: give one of them, not both");
  const range = readRange(v, request, ["DISCARDED", "PURGED"]);
  const { pageSize, pageToken } = request;
  const from = readPageToken(v, pageToken, queryOf(request), ([upTo = "", name, ...rest]) => {
    const state = range.states.find((one) => one === name);
    const after = rest.length === 0 ? undefined : placeOf(rest);
    const isWrong = state === undefined || (rest.length > 0 && after === undefined);
    return isWrong || !/^\d{1,15}$/.test(upTo) ? undefined : { state, after, toMs: Number(upTo) };
  });
  return { ...range, from, pageSize: readPageSize(v, pageSize, LIMITS.retryIds) };
}

export function writeUndeleted(
  request: UndeleteRequest,
  { by }: UndeleteCommand,
  { count, refused, next }: Undeleted,
): UndeleteResponse {
  const tokenOf = ({ state, after, toMs }: NonNullable<Undeleted["next"]>) =>
    writePageToken(queryOf(request), [toMs, state, ...(after ? partsOf(after) : [])]);
  return create(UndeleteResponseSchema, {
    undeletedCount: count,
    refused: refused.map(({ index, id, refusal }) => ({
      id: index === undefined ? (id ? formatMessageId(id) : "") : (request.ids[index] ?? ""),
      refusal: REFUSALS[refusal],
    })),
    nextPageToken: next === undefined || "ids" in by ? "" : tokenOf(next),
  });
}
