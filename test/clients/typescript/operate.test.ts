// An operator's work with the TypeScript client.

import { afterAll, beforeAll, expect, it } from "vitest";
import {
  ConditionCode,
  createDlqClient,
  type Delivery,
  TransformTarget,
} from "../../../clients/typescript/src/index.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, stored } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it("pauses a queue and edits a quarantined message, which the delivery shows as edited", async () => {
  const dlq = clientOf(server);
  const queue = "operated";
  const { id } = stored(
    await dlq.send(queue, { to: "old" }, undefined, { reason: "POISON_MESSAGE" }),
  );
  await dlq.admin.updateQueue({ queue: { name: queue, config: { pause: { paused: true } } } });
  const { queues } = await dlq.stubs.stats({ queues: [queue] });
  expect(queues[0]?.conditions[0]?.code).toBe(ConditionCode.PAUSED);

  const patch = { case: "mergePatch", value: '{"to":"new"}' } as const;
  const transforms = [{ target: TransformTarget.PAYLOAD, patch }];
  expect(await dlq.stubs.retry({ queue, ids: [id], transforms })).toMatchObject({
    retriedCount: 1,
  });
  await dlq.admin.updateQueue({ queue: { name: queue, config: { pause: {} } } });

  const { promise, resolve } = Promise.withResolvers<Delivery>();
  const worker = dlq.worker({ queues: [queue], handler: resolve });
  const delivery = await promise;
  expect(delivery).toMatchObject({ id, edited: true });
  expect(delivery.payload.json()).toEqual({ to: "new" });
  await worker.stop();
});

it("edited is false for a message without edits", async () => {
  const dlq = clientOf(server);
  await dlq.send("as-sent", "x", undefined, { delayMs: 0 });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const worker = dlq.worker({ queues: ["as-sent"], handler: ({ edited }) => resolve(edited) });
  expect(await promise).toBe(false);
  await worker.stop();
});

it("admin works with a custom transport", async () => {
  const called: string[] = [];
  const refuse = (method: string) => {
    called.push(method);
    throw new Error("no");
  };
  const dlq = createDlqClient({
    url: "",
    transport: {
      unary: (method) => refuse(method.name),
      stream: (method) => refuse(method.name),
    },
  });
  await expect(dlq.admin.getQueue({ queue: "x" })).rejects.toThrow();
  expect(called).toEqual(["GetQueue"]);
  await dlq.close(0);
});
