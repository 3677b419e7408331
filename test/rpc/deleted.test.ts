import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import {
  DlqAdminService,
  UndeleteMode,
  UndeleteRefusal,
  type UndeleteRequestSchema,
} from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState } from "../../gen/dlq/v1/state_pb.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));
const ID = new Uint8Array(16).fill(1);
const ID_TEXT = "01010101-0101-0101-0101-010101010101";

test("a range without states means what was discarded or purged, up to any time", async () => {
  await admin().undelete({ queue: "q", fromTime: timestampFromMs(5_000) });
  expect(rig.deleted.asked).toMatchObject([
    {
      toRetry: false,
      by: { states: ["DISCARDED", "PURGED"], fromMs: 5_000, from: undefined, pageSize: 1_000 },
    },
  ]);
});

test("a page token continues at its place, with the end of the first call", async () => {
  rig.deleted.undeleted = {
    count: 1,
    refused: [{ id: ID, refusal: "FULL_BYTES" }],
    next: { state: "SUCCEEDED", after: { atMs: 7_000, id: ID }, toMs: 9_000 },
  };
  const request = {
    ...{ queue: "q", fromTime: timestampFromMs(5_000), mode: UndeleteMode.RETRY },
    states: [MessageState.SUCCEEDED],
  };
  const { undeletedCount, refused, nextPageToken } = await admin().undelete(request);
  expect(undeletedCount).toBe(1);
  expect(refused).toMatchObject([{ id: ID_TEXT, refusal: UndeleteRefusal.QUEUE_FULL }]);
  await admin().undelete({ ...request, pageToken: nextPageToken });
  expect(rig.deleted.asked.at(-1)).toMatchObject({
    toRetry: true,
    by: { from: { state: "SUCCEEDED", after: { atMs: 7_000, id: ID }, toMs: 9_000 } },
  });
  const other = { ...request, queue: "r", pageToken: nextPageToken };
  expect(violationsOf(await errorOf(admin().undelete(other)))).toMatchObject([
    { field: "page_token" },
  ]);
});

test("ids come back in the answer as they were given", async () => {
  rig.deleted.undeleted = {
    count: 0,
    refused: [{ index: 0, refusal: "MISSING" }],
    next: undefined,
  };
  const { refused } = await admin().undelete({ queue: "q", ids: ["no id"] });
  expect(refused).toMatchObject([{ id: "no id", refusal: UndeleteRefusal.NOT_FOUND }]);
});

type Request = MessageInitShape<typeof UndeleteRequestSchema>;

test.each<[string, Request, string[]]>([
  ["no selection", { queue: "q" }, ["ids"]],
  ["a wrong queue", { queue: "no queue", ids: ["x"] }, ["queue"]],
  [
    "ids with parts of a range",
    { queue: "q", ids: ["x"], pageSize: 5, states: [4] },
    ["states", "page_size"],
  ],
  ["ids and a range", { queue: "q", ids: ["x"], fromTime: timestampFromMs(0) }, ["from_time"]],
  [
    "a state that does not end",
    { queue: "q", fromTime: timestampFromMs(0), states: [1] },
    ["states[0]"],
  ],
  [
    "an end before the start",
    { queue: "q", fromTime: timestampFromMs(9), toTime: timestampFromMs(8) },
    ["to_time"],
  ],
  [
    "an unknown token",
    { queue: "q", fromTime: timestampFromMs(9), pageToken: "x" },
    ["page_token"],
  ],
  ["an unknown mode", { queue: "q", ids: ["x"], mode: 9 as UndeleteMode }, ["mode"]],
])("%s is refused", async (_, request, fields) => {
  const error = await errorOf(admin().undelete(request));
  expect(violationsOf(error).map(({ field }) => field)).toEqual(fields);
  expect(rig.deleted.asked).toEqual([]);
});

test("a page of deleted messages continues at its last one", async () => {
  rig.deleted.page = { messages: [], total: 7, next: { atMs: 7_000, id: ID } };
  const { totalCount, nextPageToken } = await admin().listDeleted({ queue: "q" });
  expect(totalCount).toBe(7);
  await admin().listDeleted({ queue: "q", pageToken: nextPageToken, pageSize: 5 });
  expect(rig.deleted.asked).toMatchObject([
    { states: ["SUCCEEDED", "DISCARDED", "PURGED"], fromMs: 0, after: undefined, pageSize: 100 },
    { after: { atMs: 7_000, id: ID }, pageSize: 5 },
  ]);
});
