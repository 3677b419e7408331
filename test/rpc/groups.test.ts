import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, it } from "vitest";
import { DlqAdminService, GroupOrder } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { GroupState } from "../../gen/dlq/v1/group_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import type { ListGroupsCommand } from "../../src/app/groups/group-admin.ts";
import { ContentView } from "../../src/app/messages/content-view.ts";
import { msOf } from "../support/grpc.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";
import { GROUP } from "./scripted-groups.ts";
import { DETAILS } from "./scripted-messages.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));
const problemsOf = (error: ConnectError) =>
  violationsOf(error).map(({ field, description }) => `${field} ${description}`);
const asked = () => rig.groups.commands.at(-1) as ListGroupsCommand;

describe("ListGroups", () => {
  it("reads pattern, states, time, order and size", async () => {
    await admin().listGroups({
      ...{ queue: "orders-*", states: [GroupState.OPEN, GroupState.REGRESSED], pageSize: 7 },
      ...{ since: { seconds: 3_600n }, order: GroupOrder.LAST_FAILURE },
    });
    expect(asked()).toMatchObject({
      ...{ states: ["OPEN", "REGRESSED"], sinceMs: 3_600_000 },
      ...{ order: "LAST_FAILURE", pageSize: 7, after: undefined },
    });
    expect(asked().queues.matches("orders-eu")).toBe(true);
    await admin().listGroups({});
    expect(asked()).toMatchObject({
      states: [],
      sinceMs: undefined,
      order: "STORED",
      pageSize: 50,
    });
  });

  it("goes on where the page before has ended, of the same query only", async () => {
    rig.groups.page = {
      ...{ groups: [GROUP], total: 3, otherCount: 4 },
      next: { rank: 5, digest: GROUP.digest },
    };
    const first = await admin().listGroups({ queue: "orders" });
    expect(first).toMatchObject({ totalCount: 3n, otherStoredCount: 4n });
    const pageToken = first.nextPageToken;
    await admin().listGroups({ queue: "orders", pageToken });
    expect(asked().after).toEqual({ rank: 5, digest: GROUP.digest });
    const other = await errorOf(admin().listGroups({ queue: "invoices", pageToken }));
    expect(problemsOf(other)).toEqual([
      "page_token is of a call with another queue, states, since or order; repeat these as well",
    ]);
  });

  it("names everything that is wrong", async () => {
    const error = await errorOf(
      admin().listGroups({
        ...{
          queue: "a b",
          states: [9 as GroupState, ...Array(240_000).fill(GroupState.OPEN)],
          order: 7 as GroupOrder,
          pageSize: 1_001,
          pageToken: "x",
        },
        since: { seconds: -1n },
      }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(problemsOf(error)).toEqual([
      "queue is neither the name of a queue nor a pattern such as orders-*",
      "states has more than 4 entries",
      "states[0] is 9, which is no state of groups",
      expect.stringMatching(/^since is negative/),
      "order is 7, which is no order of groups",
      "page_size is 1001; at most 1000 are allowed",
      "page_token is not a next_page_token of an earlier response; leave it out to start at the beginning",
    ]);
  });
});

it("shows a group with its largest queues first, and why it was formed", async () => {
  rig.groups.group = {
    ...GROUP,
    ...{ state: "REGRESSED", changedAtMs: 3_000, regressedAtMs: 4_000 },
    note: { caller: "ann", note: "fixed in 2.1" },
  };
  const { group } = await admin().getGroup({ id: "01f3a8", since: { seconds: 600n } });
  expect(rig.groups.commands).toEqual([["01f3a8", 600_000]]);
  expect(group).toMatchObject({
    ...{ id: "01f3a8c2d4e5b697", state: GroupState.REGRESSED, reason: Reason.TIMEOUT },
    why: 'same reason TIMEOUT, type ReadTimeout and message "no answer"',
    ...{ storedCount: 5n, failureCount: 7n, recentFailureCount: 7n, trend: [0n, 4n, 3n] },
    ...{
      trendInterval: { seconds: 300n },
      queueCount: 2,
      stateCaller: "ann",
      note: "fixed in 2.1",
    },
    queues: [
      { queue: "invoices", storedCount: 3n },
      { queue: "orders", storedCount: 2n },
    ],
    latestMessage: { queue: "orders", id: "07070707-0707-0707-0707-070707070707" },
  });
  expect([group?.stateTime, group?.regressedTime].map(msOf)).toEqual([3_000, 4_000]);
});

it("shows a group whose latest message is damaged without it", async () => {
  const latest = (envelope: Uint8Array) => {
    const details = { ...DETAILS, envelope };
    return { details, view: new ContentView(undefined, details) };
  };
  rig.groups.latest = latest(new Uint8Array());
  expect((await admin().getGroup({ id: "01f3a8" })).latest).toBeDefined();
  rig.groups.latest = latest(new Uint8Array([255]));
  const { group, latest: shown } = await admin().getGroup({ id: "01f3a8" });
  expect(group?.id).toBe("01f3a8c2d4e5b697");
  expect(shown).toBeUndefined();
});

it("shows a group whose description was lost by its id alone", async () => {
  rig.groups.group = { ...GROUP, description: undefined };
  const { group } = await admin().getGroup({ id: "01f3a8" });
  expect(group).toMatchObject({ id: "01f3a8c2d4e5b697", why: "", failureType: "" });
});

describe("UpdateGroup", () => {
  it("passes on who does it", async () => {
    await admin().updateGroup({ id: "01f3a8", state: GroupState.ARCHIVED, note: "noise" });
    const change = { status: "ARCHIVED", archiveEnd: undefined, link: undefined };
    expect(rig.groups.commands).toEqual([
      ["01f3a8", { ...change, note: { caller: "", note: "noise" } }],
    ]);
  });

  it("passes on when an archived group opens again, and its link", async () => {
    const link = "https://issues.example/4711?x=%20#note";
    await admin().updateGroup({
      ...{ id: "01f3a8", state: GroupState.ARCHIVED, archivedUntilCount: 100, link },
      archivedUntilTime: { seconds: 7n, nanos: 1 },
    });
    const archiveEnd = { untilAtMs: 7_001, untilCount: 100 };
    expect(rig.groups.commands).toMatchObject([["01f3a8", { archiveEnd, link }]]);
    await admin().updateGroup({ id: "01f3a8", state: GroupState.OPEN, link: "" });
    expect(rig.groups.commands[1]).toMatchObject(["01f3a8", { archiveEnd: undefined, link: "" }]);
  });

  it("shows when an archived group opens again, and its link", async () => {
    rig.groups.group = {
      ...{ ...GROUP, state: "OPEN", isReopened: true, link: "https://issues.example/4711" },
      archive: { untilAtMs: 9_000, untilCount: 100, failureCount: 120 },
    };
    const { group } = await admin().getGroup({ id: "01f3a8" });
    expect(group).toMatchObject({
      ...{ state: GroupState.OPEN, reopened: true, link: "https://issues.example/4711" },
      ...{ archivedUntilCount: 100, archivedFailureCount: 120n },
    });
    expect(msOf(group?.archivedUntilTime)).toBe(9_000);
  });

  it.each([
    "javascript:alert(1)",
    "//issues.example/4711",
    "https://",
    "https://issues.example/a b",
    "https://issues.example/\u202e4711",
    "http://issues.example/\n",
    "see https://issues.example/4711",
  ])("refuses the link %j", async (link) => {
    const error = await errorOf(
      admin().updateGroup({ id: "01f3a8", state: GroupState.OPEN, link }),
    );
    expect(problemsOf(error)).toEqual(["link is not a URL that begins with http:// or https://"]);
  });

  it("refuses an end of other states, and what is too long or too much", async () => {
    const error = await errorOf(
      admin().updateGroup({
        ...{ id: "01f3a8", state: GroupState.RESOLVED, archivedUntilCount: 1_000_000_001 },
        link: `https://issues.example/${"x".repeat(500)}`,
      }),
    );
    expect(problemsOf(error)).toEqual([
      "archived_until_count is only for the state ARCHIVED",
      "archived_until_count is 1000000001; at most 1000000000 are allowed",
      "link is longer than 500 characters",
    ]);
  });

  it.each([GroupState.UNSPECIFIED, GroupState.REGRESSED])("refuses the state %s", async (state) => {
    const error = await errorOf(
      admin().updateGroup({ id: "01f3", state, note: "x".repeat(1_025) }),
    );
    expect(problemsOf(error)).toEqual([
      "id is not the id of a group, nor the first 6 or more of its hexadecimal digits",
      "note is longer than 1024 bytes",
      "state must be OPEN, RESOLVED or ARCHIVED",
    ]);
  });
});
