import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DlqService, RetryRefusal } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { failed, retriesAtOnce, sendRequest, text } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

// Messages that are edited between two attempts, as operators and workers see it.

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer({ args: ["--payload-max", "2MiB"] });
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const merge = (patch: object, target: TransformTarget = TransformTarget.PAYLOAD) => ({
  target,
  patch: { case: "mergePatch" as const, value: JSON.stringify(patch) },
});
const poison = { failure: { reason: Reason.POISON_MESSAGE } };

it("an operator's edit reaches the worker, by gRPC and by HTTP", async () => {
  for (const [queue, dlq] of [
    ["edited-grpc", client.dlq],
    [
      "edited-http",
      createClient(
        DlqService,
        createConnectTransport({
          baseUrl: `http://${server.httpAddress}`,
          httpVersion: "1.1",
          useBinaryFormat: false,
        }),
      ),
    ],
  ] as const) {
    const sent = { payload: text('{"to":"a"}'), attributes: { host: "a", kept: "yes" }, ...poison };
    const { id } = await dlq.sendToDlq(sendRequest(queue, sent));
    const other = await dlq.sendToDlq(sendRequest(queue, { payload: text("no json"), ...poison }));
    const transforms = [
      merge({ to: "b" }),
      merge({ host: "b", new: "1" }, TransformTarget.ATTRIBUTES),
    ];
    const result = await dlq.retry({ queue, ids: [id, other.id], transforms });
    expect(result).toMatchObject({
      retriedCount: 1,
      refused: [
        {
          ...{ id: other.id, refusal: RetryRefusal.TRANSFORM_FAILED },
          detail: expect.stringContaining("NOT_JSON"),
        },
      ],
    });
    const worker = await Worker.open(dlq, { queues: [queue], maxInFlight: 1 });
    const { message } = await worker.next();
    expect(message).toMatchObject({
      ...{ id, payload: { body: { value: '{"to":"b"}' } }, edited: true, editCount: 2 },
      attributes: { host: "b", new: "1", kept: "yes" },
    });
    await worker.close();
  }
});

it("a queue's edits are applied between a failed attempt and the next one", async () => {
  const queue = "edits-itself";
  await client.admin.updateQueue({
    queue: { name: queue, config: { transforms: { transforms: [merge({ fixed: true })] } } },
  });
  await client.dlq.sendToDlq(sendRequest(queue, retriesAtOnce(3)));
  const worker = await Worker.open(client.dlq, { queues: [queue], maxInFlight: 1 });
  const first = await worker.next();
  expect(first.message).toMatchObject({ edited: false, editCount: 0 });
  await worker.settle(first, failed());
  const second = await worker.next();
  expect(second.message).toMatchObject({
    ...{ payload: { body: { value: '{"fixed":true}' } }, edited: true, editCount: 1 },
  });
  await worker.settle(second, failed());
  expect((await worker.next()).message).toMatchObject({ editCount: 1 });
  await worker.close();
});

it("large messages are edited and delivered whole", async () => {
  const queue = "large-edits";
  const value = JSON.stringify({ a: "x".repeat(1_900_000), b: 1 });
  const { id } = await client.dlq.sendToDlq(
    sendRequest(queue, { payload: text(value), ...poison }),
  );
  await client.dlq.retry({ queue, ids: [id], transforms: [merge({ b: 2 })] });
  const worker = await Worker.open(client.dlq, { queues: [queue], maxInFlight: 1 });
  const { message } = await worker.next();
  expect(message.payload?.body.value).toBe(value.replace('"b":1', '"b":2'));
  await worker.close();
});

it("a simulation counts stored messages", async () => {
  const queue = "simulated";
  await client.dlq.sendToDlq(sendRequest(queue, poison));
  await client.dlq.sendToDlq(sendRequest(queue, { ...retriesAtOnce(5) }));
  const { attempts, stored } = await client.admin.simulatePolicy({
    queue,
    retryPolicy: { maxRetries: 2, initialDelay: { seconds: 5n } },
  });
  expect(attempts).toHaveLength(2);
  expect(stored?.examinedCount).toBe(2n);
});
