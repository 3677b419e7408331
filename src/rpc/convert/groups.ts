import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
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
  GroupAdmin,
  GroupPlace,
  GroupsPage,
  GroupView,
  ListGroupsCommand,
} from "../../app/groups/group-admin.ts";
import { groupIdOf } from "../../app/groups/group-id.ts";
import { whyAlike } from "../../core/fingerprint/why-alike.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";
import { DAY_MS } from "../../core/time-units.ts";
import { exceedsUtf8 } from "../../core/utf8.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPattern } from "./message-selection.ts";
import { readPageSize } from "./pages.ts";
import { writeStoredMessage } from "./stored-message.ts";
import { readDurationMs } from "./time.ts";
import { Violations } from "./violations.ts";

export const GROUPS_PAGE = 50;
const QUEUES_SHOWN = 20;
const TREND_MIN_MS = 300_000;
const ID = /^[0-9a-f]{6,32}$/;

const STATES = {
  OPEN: GroupState.OPEN,
  RESOLVED: GroupState.RESOLVED,
  REGRESSED: GroupState.REGRESSED,
  ARCHIVED: GroupState.ARCHIVED,
} as const;

const ORDERS = new Map<GroupOrder, ListGroupsCommand["order"]>([
  [GroupOrder.UNSPECIFIED, "STORED"],
  [GroupOrder.STORED, "STORED"],
  [GroupOrder.LAST_FAILURE, "LAST_FAILURE"],
  [GroupOrder.FAILURES, "FAILURES"],
]);

export function readListGroups(request: ListGroupsRequest): ListGroupsCommand {
  const v = new Violations();
  const queues = readPattern(v, request.queue);
  const states = request.states.flatMap((state, index) => {
    const name = nameOf(state);
    if (name === undefined) v.add(`states[${index}]`, `is ${state}, which is no state of groups`);
    return name ?? [];
  });
  const sinceMs = readDurationMs(v, "since", request.since, 1, Number.MAX_SAFE_INTEGER);
  const order = ORDERS.get(request.order);
  if (order === undefined) v.add("order", `is ${request.order}, which is no order of groups`);
  const pageSize = readPageSize(v, request.pageSize, GROUPS_PAGE);
  const after = readPlace(v, request);
  v.throwIfAny();
  return { queues, states, sinceMs, order: order ?? "STORED", pageSize, after };
}

export function readGetGroup({ id, since }: GetGroupRequest) {
  const v = new Violations();
  const sinceMs = readDurationMs(v, "since", since, TREND_MIN_MS, DAY_MS);
  readId(v, id);
  v.throwIfAny();
  return { id, sinceMs };
}

export function readUpdateGroup({ id, state, note }: UpdateGroupRequest) {
  const v = new Violations();
  readId(v, id);
  const status = nameOf(state);
  if (exceedsUtf8(note, WIRE_LIMITS.groupNoteBytes)) {
    v.add("note", `is longer than ${WIRE_LIMITS.groupNoteBytes} bytes`);
  }
  if (status === undefined || status === "REGRESSED") {
    v.add("state", "must be OPEN, RESOLVED or ARCHIVED");
  }
  v.throwIfAny();
  return { id, status: status as "OPEN" | "RESOLVED" | "ARCHIVED", note };
}

function readId(v: Violations, id: string): void {
  if (!ID.test(id)) {
    v.add("id", "is not the id of a group, nor the first 6 or more of its hexadecimal digits");
  }
}

function nameOf(state: GroupState): keyof typeof STATES | undefined {
  const names = Object.keys(STATES) as (keyof typeof STATES)[];
  return names.find((name) => STATES[name] === state);
}

export function writeGroups(page: GroupsPage, request: ListGroupsRequest): ListGroupsResponse {
  return create(ListGroupsResponseSchema, {
    groups: page.groups.map(writeGroup),
    nextPageToken: page.next === undefined ? "" : writePlace(page.next, request),
    totalCount: BigInt(page.total),
    otherStoredCount: BigInt(page.otherCount),
  });
}

export function writeGetGroup(found: Awaited<ReturnType<GroupAdmin["get"]>>): GetGroupResponse {
  const { group, latest } = found;
  const { queue, id } = group.latest();
  return create(GetGroupResponseSchema, {
    group: writeGroup(group),
    ...(latest && { latest: writeStoredMessage(queue, id, latest.details, latest.view) }),
  });
}

export function writeGroup(view: GroupView): Group {
  const { description, note, trend, changedAtMs, regressedAtMs } = view;
  const queues = view.stored.toSorted((a, b) => b.count - a.count);
  const latest = view.latest();
  return create(GroupSchema, {
    id: groupIdOf(view.digest),
    state: STATES[view.state],
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
  });
}

function writeDescription(parts: NonNullable<GroupView["description"]>) {
  const { own = "", reason, type, message, frame } = parts;
  return {
    why: whyAlike(parts),
    reason: REASONS[reason],
    failureType: type,
    failureMessage: message,
    frame,
    fingerprint: own,
  };
}

/** A page token is a place and what it belongs to, so that any server can read it. */
function writePlace({ rank, digest }: GroupPlace, request: ListGroupsRequest): string {
  return Buffer.from(`${queryHash(request)}/${rank}/${digest}`).toString("base64url");
}

function readPlace(v: Violations, request: ListGroupsRequest): GroupPlace | undefined {
  if (request.pageToken === "") return undefined;
  const text = Buffer.from(request.pageToken, "base64url").toString();
  const [, hash, rank, digest] = /^([0-9a-f]{16})\/(\d{1,16})\/([0-9a-f]{32})$/.exec(text) ?? [];
  if (digest === undefined) {
    v.add(
      "page_token",
      "is not a next_page_token of an earlier response; leave it out to start at the beginning",
    );
    return undefined;
  }
  if (hash !== queryHash(request)) {
    v.add(
      "page_token",
      "is of a call with another queue, states, since or order; repeat these as well",
    );
  }
  return { rank: Number(rank), digest };
}

function queryHash({ queue, states, since, order }: ListGroupsRequest): string {
  const query = JSON.stringify([queue, states, since && Number(since.seconds), order]);
  return createHash("sha256").update(query).digest("hex").slice(0, 16);
}
