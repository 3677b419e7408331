// Operators look at groups of messages whose failures are alike.

import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GroupOrder } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { Failure } from "../../gen/dlq/v1/failure_pb.ts";
import { GroupState } from "../../gen/dlq/v1/group_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, msOf, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, sendRequest, succeeded } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

let redis: TestRedis;
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  redis = await startTestRedis({ appendonly: false });
  server = await startTestServer({ redisUrl: redis.url });
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
  await redis?.stop();
});

const send = (queue: string, failure: Partial<Failure>) =>
  client.dlq.sendToDlq({
    ...sendRequest(queue),
    failure: { reason: Reason.EXECUTION_FAILED, type: "KeyError", ...failure } as Failure,
  });

const groupsOf = async (queue: string) => (await client.admin.listGroups({ queue })).groups;

it("groups alike failures of all queues, whatever the numbers in their messages", async () => {
  await send("a-orders", { message: "order 17 has no customer" });
  await send("a-orders", { message: "order 18 has no customer" });
  const last = await send("a-invoices", { message: "order 4711 has no customer" });
  await send("a-orders", { message: "the list is empty" });
  const { groups, totalCount } = await client.admin.listGroups({ queue: "a-*" });
  expect(totalCount).toBe(2n);
  const [first, second] = groups;
  expect(first).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{16}$/),
    state: GroupState.OPEN,
    reason: Reason.EXECUTION_FAILED,
    failureType: "KeyError",
    ...{ storedCount: 3n, failureCount: 3n, recentFailureCount: 3n, queueCount: 2 },
    queues: [
      { queue: "a-orders", storedCount: 2n },
      { queue: "a-invoices", storedCount: 1n },
    ],
    latestMessage: { queue: "a-invoices", id: last.id },
  });
  expect(first?.why).toMatch(/^same reason EXECUTION_FAILED, type KeyError and message "/);
  expect(first?.trend.at(-1)).toBeGreaterThan(0n);
  expect(second).toMatchObject({ failureMessage: "the list is empty", storedCount: 1n });

  const { group, latest } = await client.admin.getGroup({ id: first?.id.slice(0, 8) ?? "" });
  expect(group?.id).toBe(first?.id);
  expect(latest).toMatchObject({ groupId: first?.id, message: { id: last.id } });
  const filter = `group_id == "${first?.id}"`;
  const { messages } = await client.admin.listMessages({ queue: "a-*", filter });
  expect(messages).toHaveLength(3);
  expect(messages.every(({ groupId }) => groupId === first?.id)).toBe(true);
});

it("puts a message into the group of its latest failure, and forgets it when it is gone", async () => {
  const queue = "b-orders";
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest(queue),
    failure: { type: "First" },
    retryPolicy: { initialDelay: { seconds: 0n } },
  });
  const worker = await Worker.open(client.dlq, { queues: [queue] });
  await worker.settle(await worker.next(), failed({ failure: { type: "Second" } }));
  const groups = (await client.admin.listGroups({})).groups;
  const typesIn = groups.filter(({ queues }) => queues.some((one) => one.queue === queue));
  expect(typesIn.map(({ failureType }) => failureType)).toEqual(["Second"]);
  expect(groups.find(({ failureType }) => failureType === "First")).toMatchObject({
    ...{ storedCount: 0n, failureCount: 1n },
  });
  expect(typesIn[0]?.latestMessage).toMatchObject({ queue, id });
  await worker.settle(await worker.next(), succeeded);
  expect(await groupsOf(queue)).toEqual([]);
  const { group, latest } = await client.admin.getGroup({ id: typesIn[0]?.id ?? "" });
  expect(group).toMatchObject({ storedCount: 0n, failureCount: 1n });
  expect(latest).toBeUndefined();
  await worker.close();
});

it("takes the sender's own fingerprint before all else", async () => {
  await send("c-orders", { fingerprint: "card-declined", type: "A", message: "x" });
  await send("c-orders", { fingerprint: "card-declined", type: "B", message: "y" });
  expect(await groupsOf("c-orders")).toMatchObject([
    {
      ...{ storedCount: 2n, fingerprint: "card-declined" },
      why: 'same fingerprint "card-declined", given by the sender',
    },
  ]);
});

it("says when a resolved group fails again, and hides archived ones", async () => {
  const queue = "d-orders";
  const failure = { message: "no column total" };
  await send(queue, failure);
  const [open] = await groupsOf(queue);
  const id = open?.id ?? "";
  const { group: resolved } = await client.admin.updateGroup({
    ...{ id, state: GroupState.RESOLVED, note: "migration ran" },
  });
  expect(resolved).toMatchObject({ state: GroupState.RESOLVED, note: "migration ran" });
  expect(msOf(resolved?.stateTime)).toBeGreaterThan(0);
  await until("the log line", () =>
    server.logs.some(({ msg, group }) => msg === "group updated by hand" && group === id),
  );
  await send(queue, failure);
  const [regressed] = await groupsOf(queue);
  expect(regressed).toMatchObject({ state: GroupState.REGRESSED, note: "migration ran" });
  expect(msOf(regressed?.regressedTime)).toBeGreaterThanOrEqual(msOf(resolved?.stateTime));

  await client.admin.updateGroup({ id, state: GroupState.ARCHIVED });
  await send(queue, failure);
  expect(await groupsOf(queue)).toEqual([]);
  const { groups } = await client.admin.listGroups({ queue, states: [GroupState.ARCHIVED] });
  expect(groups).toMatchObject([{ id, storedCount: 3n, note: "" }]);
});

it("lists groups in the asked order, in pages", async () => {
  for (const [type, count] of [
    ["One", 1],
    ["Three", 3],
    ["Two", 2],
  ] as const) {
    for (let n = 0; n < count; n++) await send("e-orders", { type });
  }
  const pages = async (order: GroupOrder) => {
    const types: string[] = [];
    let pageToken = "";
    do {
      const page = await client.admin.listGroups({
        ...{ queue: "e-orders", order, pageSize: 2, pageToken },
      });
      types.push(...page.groups.map(({ failureType }) => failureType));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return types;
  };
  expect(await pages(GroupOrder.STORED)).toEqual(["Three", "Two", "One"]);
  expect(await pages(GroupOrder.FAILURES)).toEqual(["Three", "Two", "One"]);
  expect(await pages(GroupOrder.LAST_FAILURE)).toEqual(["Two", "Three", "One"]);
});

it("shows nothing that a queue hides", async () => {
  const queue = "f-orders";
  await client.admin.updateQueue({
    queue: { name: queue, config: { redact: { entries: ["/customer"] } } },
  });
  await client.dlq.sendToDlq({
    ...sendRequest(queue),
    payload: {
      contentType: "application/json",
      body: { case: "text", value: '{"customer":"bob@acme"}' },
    },
    failure: { type: "KeyError", message: "no customer bob@acme" },
  });
  const { groups } = await client.admin.listGroups({ queue });
  expect(groups).toMatchObject([{ failureType: "KeyError", failureMessage: "" }]);
  const answer = await client.admin.getGroup({ id: groups[0]?.id ?? "" });
  expect(
    JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
  ).not.toContain("bob@acme");
  expect(answer.latest?.redacted).toContain("/customer");
});

it("refuses what names no group", async () => {
  expect(await errorOf(client.admin.getGroup({ id: "01ffffffffffffff" }))).toMatchObject({
    code: Code.NotFound,
  });
  expect(await errorOf(client.admin.getGroup({ id: "g-17" }))).toMatchObject({
    code: Code.InvalidArgument,
  });
  const state = GroupState.REGRESSED;
  expect(await errorOf(client.admin.updateGroup({ id: "01ffff", state }))).toMatchObject({
    code: Code.InvalidArgument,
  });
});
