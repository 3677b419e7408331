// Retry by a filter that matches more messages than one call takes, in a loop as people write it.

import { afterAll, beforeAll, expect, test } from "vitest";
import { MessageState, QuarantineReason } from "../../gen/dlq/v1/state_pb.ts";
import { fencesOf, readDocument } from "../docs/markdown.ts";
import { openShell } from "../docs/shell.ts";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../support/grpc.ts";
import { findGrpcurl, grpcurl } from "../support/grpcurl.ts";
import { dueIn, quarantined, type SendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

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

const COUNT = 1_500;

async function send(queue: string, over: SendRequest) {
  for (let left = COUNT; left > 0; left -= 500) {
    const { results } = await dlq.sendToDlqBatch({ requests: sendRequests(500, queue, over) });
    expect(results.every(({ outcome }) => outcome.case === "response")).toBe(true);
  }
}

interface Answer {
  retriedCount?: number;
  remainingCount?: number;
  nextPageToken?: string;
}

/** Repeats the call of grpcurl until nothing remains. */
async function retryAll(queue: string, filter: object): Promise<Answer[]> {
  const answers: Answer[] = [];
  let pageToken = "";
  do {
    const request = { queue, filter, expectedCount: COUNT, pageToken };
    const { code, out } = await grpcurl(
      ...["-plaintext", "-d", JSON.stringify(request), server.grpcAddress],
      "dlq.v1.DlqService/Retry",
    );
    expect({ code, out }).toMatchObject({ code: 0 });
    const answer: Answer = JSON.parse(out);
    answers.push(answer);
    pageToken = answer.nextPageToken ?? "";
  } while (pageToken !== "");
  return answers;
}

const counts = (answers: readonly Answer[]) =>
  answers.map(({ retriedCount, remainingCount }) => ({ retriedCount, remainingCount }));

const TWO_CALLS = [{ retriedCount: 1_000, remainingCount: 500 }, { retriedCount: 500 }];

test("1,500 alike messages in quarantine are retried once each, even if they come back", async () => {
  const queue = "come-back";
  await send(queue, { importedHistory: { quarantined: true } });
  const worker = await Worker.open(dlq, { queues: [queue], maxInFlight: 500 });
  const settling: Promise<unknown>[] = [];
  worker.onReceived = (received) => settling.push(worker.settle(received, quarantined));

  const answers = await retryAll(queue, {});

  expect(counts(answers)).toEqual(TWO_CALLS);
  await worker.hasReceived(COUNT);
  await Promise.all(settling);
  const back = { state: MessageState.QUARANTINED, count: BigInt(COUNT) };
  await until("all messages to be in quarantine again", async () => {
    const { counts: cells } = await statsOf(dlq, queue);
    return cells.length === 1 && cells[0]?.count === back.count ? cells : undefined;
  });
  const { totals, counts: cells } = await statsOf(dlq, queue);
  expect(cells).toMatchObject([{ ...back, quarantineReason: QuarantineReason.WORKER_REQUEST }]);
  expect(totals?.deliveries).toBe(BigInt(COUNT));
  expect(new Set(worker.received.map(({ message }) => message.id)).size).toBe(COUNT);
  await worker.close();
});

test("the loop of the guide retries 1,500 messages in quarantine", async () => {
  await send("orders", { importedHistory: { quarantined: true } });
  const [loop] = fencesOf(readDocument("docs/guides/troubleshoot.md")).filter(
    ({ info }) => info === "sh retry-all",
  );
  const shell = openShell(`alias grpcurl='${findGrpcurl()}'`);
  const output = await shell.run((loop?.text ?? "").replace("localhost:50051", server.grpcAddress));
  shell.close();
  expect(output.match(/"retriedCount": \d+/g)).toEqual([
    '"retriedCount": 1000',
    '"retriedCount": 500',
  ]);
  expect(await statsOf(dlq, "orders")).toMatchObject({ dueNow: BigInt(COUNT), quarantined: 0n });
});

test("1,500 scheduled messages, which still match after they were retried", async () => {
  const queue = "still-match";
  await send(queue, dueIn(3_600_000));
  const answers = await retryAll(queue, { states: ["MESSAGE_STATE_SCHEDULED"] });
  expect(counts(answers)).toEqual(TWO_CALLS);
  expect(await statsOf(dlq, queue)).toMatchObject({ dueNow: BigInt(COUNT) });
});
