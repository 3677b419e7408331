import { create } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type GetGroupRequest,
  type GetGroupResponse,
  GetGroupResponseSchema,
  GroupOrder,
  type ListGroupsRequest,
  type ListGroupsResponse,
  ListGroupsResponseSchema,
  type UpdateGroupRequest,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { type Group, GroupSchema, GroupState } from "../../../gen/dlq/v1/group_pb.ts";
import type {
  ArchiveEnd,
  GroupAdmin,
  GroupPlace,
  GroupState as GroupStateName,
  GroupStatus,
  GroupsPage,
  GroupView,
  ListGroupsCommand,
} from "../../app/groups/group-admin.ts";
import { groupIdOf } from "../../app/groups/group-id.ts";
import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import { whyAlike } from "../../core/fingerprint/why-alike.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";
import { exceedsUtf8 } from "../../core/utf8.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPattern } from "./message-selection.ts";
import { type Query, readPageToken, writePageToken } from "./page-token.ts";
import { readPageSize } from "./pages.ts";
import { writeStoredMessage } from "./stored-message.ts";
import { readDurationMs, readTimestampMs } from "./time.ts";
import { Violations } from "./violations.ts";

export const GROUPS_PAGE = 50;
const QUEUES_SHOWN = 20;
const ID = /^[0-9a-f]{6,32}$/;

const NAMES = new Map<GroupState, GroupStateName>([
  [GroupState.OPEN, "OPEN"],
  [GroupState.RESOLVED, "RESOLVED"],
  [GroupState.REGRESSED, "REGRESSED"],
  [GroupState.ARCHIVED, "ARCHIVED"],
]);
const STATES = new Map([...NAMES].map(([state, name]) => [name, state]));
const STATES_MAX = NAMES.size;

const SETTABLE = new Map<GroupState, GroupStatus>([
  [GroupState.OPEN, "OPEN"],
  [GroupState.RESOLVED, "RESOLVED"],
  [GroupState.ARCHIVED, "ARCHIVED"],
]);

const ORDERS = new Map<GroupOrder, ListGroupsCommand["order"]>([
  [GroupOrder.UNSPECIFIED, "STORED"],
  [GroupOrder.STORED, "STORED"],
  [GroupOrder.LAST_FAILURE, "LAST_FAILURE"],
  [GroupOrder.FAILURES, "FAILURES"],
]);

export function readListGroups(request: ListGroupsRequest): ListGroupsCommand {
  const v = new Violations();
  const queues = readPattern(v, request.queue);
  if (request.states.length > STATES_MAX) v.add("states", `has more than ${STATES_MAX} entries`);
  const states = request.states.slice(0, STATES_MAX).flatMap((state, index) => {
    const name = NAMES.get(state);
    if (name === undefined) v.add(`states[${index}]`, `is ${state}, which is no state of groups`);
    return name ?? [];
  });
  const sinceMs = readSince(v, request.since);
  const order = ORDERS.get(request.order);
  if (order === undefined) v.add("order", `is ${request.order}, which is no order of groups`);
  const pageSize = readPageSize(v, request.pageSize, GROUPS_PAGE);
  const after = readPageToken(v, request.pageToken, queryOf(request), placeOf);
  v.throwIfAny();
  return { queues, states, sinceMs, order: order ?? "STORED", pageSize, after };
}

export function readGetGroup({ id, since }: GetGroupRequest) {
  const v = new Violations();
  const sinceMs = readSince(v, since);
  readId(v, id);
  v.throwIfAny();
  return { id, sinceMs };
}

export function readUpdateGroup(request: UpdateGroupRequest) {
  const { id, state, note, link } = request;
  const v = new Violations();
  readId(v, id);
  const status = SETTABLE.get(state);
  if (exceedsUtf8(note, WIRE_LIMITS.groupNoteBytes)) {
    v.add("note", `is longer than ${WIRE_LIMITS.groupNoteBytes} bytes`);
  }
  if (status === undefined) v.add("state", "must be OPEN, RESOLVED or ARCHIVED");
  const archiveEnd = readArchiveEnd(v, request);
  if (link !== undefined && link !== "") checkLink(v, link);
  v.throwIfAny();
  return { id, status: status ?? "OPEN", note, archiveEnd, link };
}

function readArchiveEnd(
  v: Violations,
  { state, archivedUntilTime: time, archivedUntilCount: count }: UpdateGroupRequest,
): ArchiveEnd | undefined {
  if (time === undefined && count === 0) return undefined;
  const [timeField, countField] = ["archived_until_time", "archived_until_count"];
  if (state !== GroupState.ARCHIVED) {
    v.add(time === undefined ? countField : timeField, "is only for the state ARCHIVED");
  }
  const most = WIRE_LIMITS.archivedUntilCount;
  if (count > most) v.add(countField, `is ${count}; at most ${most} are allowed`);
  const untilAtMs = time && readTimestampMs(v, timeField, time, Number.POSITIVE_INFINITY, "");
  return { untilAtMs, untilCount: count || undefined };
}

/** Programs show the link for a click, so it must not be a script. */
function checkLink(v: Violations, link: string): void {
  if (link.length > WIRE_LIMITS.groupLinkChars) {
    v.add("link", `is longer than ${WIRE_LIMITS.groupLinkChars} characters`);
  } else if (!/^https?:\/\/[^\s\p{Cc}\p{Cf}]+$/iu.test(link) || !URL.canParse(link)) {
    v.add("link", "is not a URL that begins with http:// or https://");
  }
}

const readSince = (v: Violations, since: Duration | undefined): number | undefined =>
  readDurationMs(v, "since", since, 1, Number.MAX_SAFE_INTEGER);

function readId(v: Violations, id: string): void {
  if (!ID.test(id)) {
    v.add("id", "is not the id of a group, nor the first 6 or more of its hexadecimal digits");
  }
}

export function writeGroups(page: GroupsPage, request: ListGroupsRequest): ListGroupsResponse {
  return create(ListGroupsResponseSchema, {
    groups: page.groups.map(writeGroup),
    nextPageToken:
      page.next === undefined
        ? ""
        : writePageToken(queryOf(request), [page.next.rank, page.next.digest]),
    totalCount: BigInt(page.total),
    otherStoredCount: BigInt(page.otherCount),
  });
}

export function writeGetGroup(found: Awaited<ReturnType<GroupAdmin["get"]>>): GetGroupResponse {
  const { group, latest } = found;
  const { queue, id } = group.latest();
  const message =
    latest && readStored(() => writeStoredMessage(queue, id, latest.details, latest.view));
  return create(GetGroupResponseSchema, {
    group: writeGroup(group),
    ...(message instanceof DamagedMessage ? {} : message && { latest: message }),
  });
}

export function writeGroup(view: GroupView): Group {
  const { description, note, link, trend, changedAtMs, regressedAtMs, archive } = view;
  const queues = view.stored.toSorted((a, b) => b.count - a.count);
  const latest = view.latest();
  return create(GroupSchema, {
    id: groupIdOf(view.digest),
    state: STATES.get(view.state) ?? GroupState.UNSPECIFIED,
    ...(description && writeDescription(description)),
    storedCount: BigInt(view.storedCount),
    failureCount: BigInt(view.failureCount),
    recentFailureCount: BigInt(trend.reduce((sum, count) => sum + count, 0)),
    firstFailureTime: timestampFromMs(view.firstFailureAtMs),
    lastFailureTime: timestampFromMs(view.lastFailureAtMs),
    trend: trend.map(BigInt),
    trendInterval: durationFromMs(view.trendStepMs),
    queues: queues
      .slice(0, QUEUES_SHOWN)
      .map(({ queue, count }) => ({ queue, storedCount: BigInt(count) })),
    queueCount: queues.length,
    latestMessage: { queue: latest.queue, id: formatMessageId(latest.id) },
    ...(changedAtMs !== undefined && { stateTime: timestampFromMs(changedAtMs) }),
    stateCaller: note?.caller ?? "",
    note: note?.note ?? "",
    ...(regressedAtMs !== undefined && { regressedTime: timestampFromMs(regressedAtMs) }),
    ...(archive && writeArchive(archive)),
    reopened: view.isReopened,
    link,
  });
}

function writeArchive(archive: NonNullable<GroupView["archive"]>) {
  const { untilAtMs, untilCount = 0, failureCount } = archive;
  return {
    ...(untilAtMs !== undefined && { archivedUntilTime: timestampFromMs(untilAtMs) }),
    archivedUntilCount: untilCount,
    archivedFailureCount: BigInt(failureCount),
  };
}

function writeDescription(parts: NonNullable<GroupView["description"]>) {
  const { fingerprint = "", reason, type, message, frame } = parts;
  return {
    why: whyAlike(parts),
    reason: REASONS[reason],
    failureType: type,
    failureMessage: message,
    frame,
    fingerprint,
  };
}

const queryOf = ({ queue, states, since, order }: ListGroupsRequest): Query => ({
  values: [queue, states, since && Number(since.seconds), order],
  names: "queue, states, since or order",
});

function placeOf([rank = "", digest = "", ...rest]: readonly string[]): GroupPlace | undefined {
  const isPlace = /^\d{1,16}$/.test(rank) && /^[0-9a-f]{32}$/.test(digest) && rest.length === 0;
  return isPlace ? { rank: Number(rank), digest } : undefined;
}
