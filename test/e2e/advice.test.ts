// What Stats and errors advise about Retry does what they say.

import { afterAll, beforeAll, expect, test } from "vitest";
import { ConditionCode } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { OrderingMode } from "../../gen/dlq/v1/queue_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../support/grpc.ts";
import { dueIn, sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const LATER = dueIn(3_600_000);
const QUARANTINED = { importedHistory: { quarantined: true } };

/** The text of a condition of a queue; undefined: it does not hold. */
async function conditionOf(queue: string, code: ConditionCode): Promise<string | undefined> {
  const { conditions } = await statsOf(dlq, queue);
  return conditions.find((one) => one.code === code)?.message;
}

/** Calls Retry with the fields that a text advises, as somebody would paste them into grpcurl. */
async function takeAdvice(queue: string, advice: string | undefined): Promise<unknown> {
  const [, fields] = /call Retry with ("filter": .*"expected_count": \d+)/.exec(advice ?? "") ?? [];
  if (fields === undefined) throw new Error(`no call of Retry in: ${advice}`);
  const response = await fetch(`http://${server.httpAddress}/dlq.v1.DlqService/Retry`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"queue": "${queue}", ${fields}}`,
  });
  return response.json();
}

test("NOTHING_DUE: the scheduled messages become due", async () => {
  const queue = "nothing-due";
  for (const more of [LATER, LATER, LATER]) await dlq.sendToDlq(sendRequest(queue, more));
  const advice = await conditionOf(queue, ConditionCode.NOTHING_DUE);
  expect(await takeAdvice(queue, advice)).toEqual({ retriedCount: 3 });
  expect(await statsOf(dlq, queue)).toMatchObject({ dueNow: 3n });
});

test("ALL_QUARANTINED: all messages become due", async () => {
  const queue = "all-quarantined";
  for (const more of [QUARANTINED, QUARANTINED]) await dlq.sendToDlq(sendRequest(queue, more));
  const advice = await conditionOf(queue, ConditionCode.ALL_QUARANTINED);
  expect(await takeAdvice(queue, advice)).toEqual({ retriedCount: 2 });
});

test("QUARANTINED: those in quarantine become due, and the others stay as they are", async () => {
  const queue = "some-quarantined";
  for (const more of [QUARANTINED, LATER]) await dlq.sendToDlq(sendRequest(queue, more));
  const advice = await conditionOf(queue, ConditionCode.QUARANTINED);
  expect(await takeAdvice(queue, advice)).toEqual({ retriedCount: 1 });
  expect(await statsOf(dlq, queue)).toMatchObject({ dueNow: 1n, scheduled: 2n });
  expect(await conditionOf(queue, ConditionCode.QUARANTINED)).toBeUndefined();
});

test("ORDER_HELD: a Retry of the quarantined message ends the hold", async () => {
  const queue = "held";
  const config = { ordering: { mode: OrderingMode.HOLD } };
  await client.admin.updateQueue({ queue: { name: queue, config } });
  const orderingKey = "account-1";
  await dlq.sendToDlq(sendRequest(queue, { orderingKey, ...QUARANTINED }));
  await dlq.sendToDlq(sendRequest(queue, { orderingKey, ...LATER }));
  expect(await conditionOf(queue, ConditionCode.ORDER_HELD)).toMatch(/; retry .*Releas/);
  const advice = await conditionOf(queue, ConditionCode.QUARANTINED);
  expect(await takeAdvice(queue, advice)).toEqual({ retriedCount: 1 });
  expect(await conditionOf(queue, ConditionCode.ORDER_HELD)).toBeUndefined();
});

test("a filter without states that matches nothing names the states that it means", async () => {
  const queue = "no-states";
  await dlq.sendToDlq(sendRequest(queue, LATER));
  const retry = dlq.retry({ queue, filter: {}, expectedCount: 1 });
  await expect(retry).rejects.toThrow(
    /0 match.*QUARANTINED only.*: check the filter against the counts of Stats$/,
  );
});

test("another number of matches: the call succeeds with the number that the error names", async () => {
  const queue = "another-number";
  for (const more of [QUARANTINED, QUARANTINED]) await dlq.sendToDlq(sendRequest(queue, more));
  const error = await errorOf(dlq.retry({ queue, filter: {}, expectedCount: 3 }));
  const [, count] =
    /is 3, but 2 match; nothing was changed: check them with Stats, then set expected_count to (\d+)$/.exec(
      error.rawMessage,
    ) ?? [];
  const again = await dlq.retry({ queue, filter: {}, expectedCount: Number(count) });
  expect(again.retriedCount).toBe(2);
});
