import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, type DlqClient, msOf, statsOf, type TestClient } from "../support/grpc.ts";
import { dueIn, failed, retriesAtOnce, sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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

/** The present, in whole seconds. */
const nowMs = () => Math.floor(Date.now() / 1_000) * 1_000;

describe.concurrent("a message with an imported history", () => {
  it("keeps its attempts, its age and its latest failure", async () => {
    const worker = await Worker.open(dlq, { queues: ["going-on"] });
    const firstMs = nowMs() - HOUR_MS;
    const sent = await dlq.sendToDlq(
      sendRequest("going-on", {
        ...retriesAtOnce(3),
        failure: { type: "Latest" },
        importedHistory: {
          attempts: 2,
          failures: [{ failure: { type: "First" } }, { failure: { type: "Second" } }],
          firstFailureTime: timestampFromMs(firstMs),
        },
      }),
    );
    expect(sent.state).toBe(MessageState.SCHEDULED);
    const received = await worker.next();
    expect(received.delivery).toMatchObject({ attempt: 3, deliveryNumber: 1 });
    expect(received.message).toMatchObject({
      ...{ id: sent.id, attempts: 2, failureCount: 3, failure: { type: "Latest" } },
    });
    expect(msOf(received.message.createTime)).toBe(firstMs);
    expect(msOf(received.message.expireTime)).toBe(firstMs + DAY_MS);
    const { oldestAge } = await statsOf(dlq, "going-on");
    expect(Number(oldestAge?.seconds)).toBeGreaterThanOrEqual(3_600);
    expect(await worker.settle(received, failed())).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    });
    await worker.close();
  });

  it("with all its attempts used is quarantined, and starts a new round by Retry", async () => {
    const sent = await dlq.sendToDlq(
      sendRequest("exhausted", { maxRetries: 3, importedHistory: { attempts: 3 } }),
    );
    expect(sent).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    });
    await dlq.retry({ queue: "exhausted", ids: [sent.id] });
    const worker = await Worker.open(dlq, { queues: ["exhausted"] });
    expect((await worker.next()).delivery.attempt).toBe(1);
    await worker.close();
  });

  it("that is older than max_elapsed is quarantined, whatever its due time", async () => {
    const sent = await dlq.sendToDlq(
      sendRequest("too-late", {
        retryPolicy: { maxElapsed: durationFromMs(HOUR_MS) },
        importedHistory: { firstFailureTime: timestampFromMs(nowMs() - 2 * HOUR_MS) },
      }),
    );
    expect(sent.quarantineReason).toBe(QuarantineReason.RETRIES_EXHAUSTED);
  });

  it("that failed within max_elapsed is quarantined by the first attempt after it", async () => {
    const worker = await Worker.open(dlq, { queues: ["nearly-late"] });
    await dlq.sendToDlq(
      sendRequest("nearly-late", {
        retryPolicy: { maxElapsed: durationFromMs(HOUR_MS) },
        importedHistory: { firstFailureTime: timestampFromMs(nowMs() - HOUR_MS + 600_000) },
      }),
    );
    const outcome = failed({ retryAfter: durationFromMs(700_000) });
    expect(await worker.settle(await worker.next(), outcome)).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    });
    await worker.close();
  });

  it("that was quarantined stays quarantined, as PRODUCER_REQUEST, with its reason", async () => {
    const failure = { reason: Reason.WEBHOOK_FAILED };
    const importedHistory = { quarantined: true, attempts: 1 };
    const sent = await dlq.sendToDlq(sendRequest("set-aside", { failure, importedHistory }));
    expect(sent).toMatchObject({
      state: MessageState.QUARANTINED,
      reason: Reason.WEBHOOK_FAILED,
      quarantineReason: QuarantineReason.PRODUCER_REQUEST,
    });
  });

  it("gets a new time to live from its due time if it has expired", async () => {
    const worker = await Worker.open(dlq, { queues: ["outlived"] });
    const importedHistory = { firstFailureTime: timestampFromMs(nowMs() - 3 * DAY_MS) };
    await dlq.sendToDlq(sendRequest("outlived", { importedHistory, ttl: durationFromMs(HOUR_MS) }));
    const { message } = await worker.next();
    expect(msOf(message.expireTime) - msOf(message.dueTime)).toBe(HOUR_MS);
    await worker.close();
  });

  it("counts as one send of its source", async () => {
    const importedHistory = { attempts: 1, failures: Array.from({ length: 9 }, () => ({})) };
    const sent = await dlq.sendToDlq(
      sendRequest("source", { ...dueIn(HOUR_MS), sourceId: "s", importedHistory }),
    );
    expect(sent.state).toBe(MessageState.SCHEDULED);
  });
});

describe("a numbered send", () => {
  it("with another request id is a duplicate on every server", async () => {
    const sendNumber = { clientId: new Uint8Array(16).fill(9), number: 1n };
    const request = sendRequest("numbered", { sendNumber, ...dueIn(HOUR_MS) });
    const first = await dlq.sendToDlq({ ...request, requestId: "a" });
    expect(await dlq.sendToDlq({ ...request, requestId: "a" })).toEqual(first);
    const { results } = await dlq.sendToDlqBatch({ requests: [{ ...request, requestId: "b" }] });
    expect(results[0]?.outcome.value).toMatchObject({
      ...{ id: "", state: MessageState.UNSPECIFIED, duplicate: true },
    });
    expect((await statsOf(dlq, "numbered")).totals).toMatchObject({ accepted: 1n, joined: 0n });
  });
});
