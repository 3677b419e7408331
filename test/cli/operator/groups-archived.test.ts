// Groups that are archived until a time or a number of failures, and links, against a real server.

import { afterAll, beforeAll, expect, it } from "vitest";
import { GroupState } from "../../../gen/dlq/v1/group_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { runDlq } from "./run-dlq.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const dlq = (...args: string[]) => runDlq(args, { target: server.grpcAddress });

const fail = (type: string, queue: string) =>
  client.dlq.sendToDlq(
    sendRequest(queue, { failure: { reason: Reason.POISON_MESSAGE, type, message: "no" } }),
  );

/** Returns the id of a group that has begun with one failure. */
async function begin(type: string): Promise<string> {
  await fail(type, "orders");
  return until("the group", async () => {
    const { groups } = await client.admin.listGroups({});
    return groups.find(({ failureType }) => failureType === type)?.id;
  });
}

/** Resolves when the group has failed so often. A slow machine reuses its last list of groups for a moment. */
const failures = (id: string, count: bigint) =>
  until(
    "the failure",
    async () => (await client.admin.getGroup({ id })).group?.failureCount === count,
  );

it("opens again at its so-many-th failure, in all queues, and says so", async () => {
  const id = await begin("QuotaError");
  const archived = await dlq("group", id, "--archive", "--until", "2h", "--until-count", "2");
  expect(archived).toMatchObject({ code: 0, stderr: "" });
  expect(archived.stdout).toMatch(
    new RegExp(`^${id} is ARCHIVED until 20\\S+Z or 2 failures, 0 so far\\.\\n$`),
  );
  await fail("QuotaError", "invoices");
  await failures(id, 2n);
  expect((await dlq("groups")).stdout).not.toContain("QuotaError");
  const listed = await dlq("groups", "--state", "archived");
  expect(listed.stdout).toMatch(/ ARCHIVED +POISON_MESSAGE +QuotaError: no /);
  expect((await dlq("group", id)).stdout).toMatch(
    /^state +ARCHIVED until 20\S+Z or 2 failures, 1 so far, set 20\S+Z$/m,
  );
  await fail("QuotaError", "orders");
  await failures(id, 3n);
  expect((await dlq("groups")).stdout).toMatch(/ OPEN AGAIN +POISON_MESSAGE +QuotaError: no /);
  expect((await dlq("groups", "-s", "open")).stdout).toContain("QuotaError");
  expect((await dlq("groups", "-s", "archived")).stdout).not.toContain("QuotaError");
  expect((await dlq("group", id)).stdout).toMatch(
    /^state +OPEN again by itself: it was archived until 20\S+Z or 2 failures, 2 so far, set 20\S+Z$/m,
  );
  const opened = await dlq("group", id, "--open");
  expect(opened.stdout).toBe(`${id} is OPEN.\n`);
  const { group } = await client.admin.getGroup({ id });
  expect(group).toMatchObject({ reopened: false, archivedUntilCount: 0 });
  expect(group?.archivedUntilTime).toBeUndefined();
});

it("opens again at a time", async () => {
  const id = await begin("LateError");
  await dlq("group", id, "--archive", "--until", "2999-01-31T18:00:00Z");
  const { group } = await client.admin.getGroup({ id });
  expect(group).toMatchObject({ state: GroupState.ARCHIVED, reopened: false });
  expect(group?.archivedUntilTime?.seconds).toBe(BigInt(Date.UTC(2999, 0, 31, 18) / 1_000));
  await dlq("group", id, "--archive", "--until", "300ms");
  await until("the end of the archive", async () => {
    const now = (await client.admin.getGroup({ id })).group;
    return now?.state === GroupState.OPEN && now.reopened;
  });
});

it("is not archived until a time that has passed", async () => {
  const id = await begin("PastError");
  const { code, stderr } = await dlq(
    ...["group", id, "--archive", "--until", "2001-01-31T18:00:00Z"],
  );
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining("is not in the future"),
  });
  await expect(
    client.admin.updateGroup({
      ...{ id, state: GroupState.ARCHIVED, archivedUntilTime: { seconds: 7n } },
    }),
  ).rejects.toThrow(/archived_until_time.*is not in the future: it is 20\S+Z by the clock/);
});

it("has a link, until another one is set", async () => {
  const id = await begin("LinkedError");
  const link = "https://issues.example/4711";
  await dlq("group", id, "--open", "--link", link, "--note", "known");
  expect((await dlq("group", id)).stdout).toMatch(/^link +https:\/\/issues\.example\/4711$/m);
  await dlq("group", id, "--resolve");
  expect((await dlq("group", id)).stdout).toContain(link);
  await dlq("group", id, "--open", "--link", "");
  expect((await dlq("group", id)).stdout).not.toContain("link");
  const wrong = await dlq("group", id, "--open", "--link", "javascript:alert(1)");
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("link: is not a URL that begins with http:// or https://"),
  });
});

it.each([
  [["--until", "2h"], "--until and --until-count need --archive"],
  [["--open", "--until-count", "2"], "--until and --until-count need --archive"],
  [["--link", "https://issues.example"], "--link needs --resolve, --archive or --open"],
  [["--archive", "--until-count", "0"], '"0" is no whole number from 1 to 1000000000'],
  [["--archive", "--until", "soon"], '"soon" is no duration or time'],
])("%j is wrong usage", async (args, message) => {
  const { code, stderr } = await dlq("group", "01ffff", ...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
});
