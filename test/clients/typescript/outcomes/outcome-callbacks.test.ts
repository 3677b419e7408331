// Outcome callbacks with a real server.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type DlqClient,
  type DlqClientOptions,
  type OutcomeEvent,
  RuleEvent,
} from "../../../../clients/typescript/src/index.ts";
import { LinkProxy } from "../../../support/link-proxy.ts";
import { startTestServer, type TestServer } from "../../../support/server.ts";
import { clientOf, stored, until } from "../client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");
const AT_ONCE = { delayMs: 0 };

/** Creates a client whose callbacks record what they get. */
function recordingClient(options: Omit<DlqClientOptions, "url"> = {}) {
  const got: (OutcomeEvent & { readonly kind: string })[] = [];
  const record = (kind: string) => (event: OutcomeEvent) => void got.push({ kind, ...event });
  const dlq = clientOf(server, {
    onSucceeded: record("succeeded"),
    onFailed: record("failed"),
    onQuarantined: record("quarantined"),
    ...options,
  });
  const kindsOf = (id: string) => got.filter((event) => event.id === id).map(({ kind }) => kind);
  return { dlq, got, kindsOf };
}

const work = (dlq: DlqClient, queue: string) => dlq.worker({ queues: [queue], handler: () => {} });

it("each message of a batch has its callback, with its own source id", async () => {
  const { dlq, got } = recordingClient();
  const names = Array.from({ length: 20 }, (_, at) => `order-${at}`);
  const sends = names.map((sourceId) =>
    dlq.send("batch", sourceId, error, { ...AT_ONCE, sourceId }),
  );
  const ids = (await Promise.all(sends)).map((result) => stored(result).id);
  work(dlq, "batch");
  await until(() => got.length === 20, "the callbacks");
  const byName = Object.fromEntries(got.map(({ sourceId, id }) => [sourceId, id]));
  expect(byName).toEqual(Object.fromEntries(names.map((name, at) => [name, ids[at]])));
});

it("a client that joins the message of another one is called back, too", async () => {
  const [first, second] = [recordingClient(), recordingClient()];
  const options = { dedupKey: "k", delayMs: 3_600_000 };
  const { id } = stored(await first.dlq.send("joined", "x", error, options));
  const joined = await second.dlq.send("joined", "x", error, { ...options, sourceId: "own" });
  expect(joined).toMatchObject({ status: "joined", id });
  work(second.dlq, "joined");
  await second.dlq.stubs.retry({ queue: "joined", ids: [id] });
  for (const { kindsOf } of [first, second]) await until(() => kindsOf(id).length === 1, "success");
  expect([first, second].map(({ got }) => got[0]?.sourceId)).toEqual(["", "own"]);
});

it("a message that a rule moves after a failure is followed into its new queue", async () => {
  const { dlq, got, kindsOf } = recordingClient();
  const rule = { name: "slow", event: RuleEvent.FAILURE, when: "message.queue == 'from'" };
  await dlq.admin.updateRules({ ruleSet: { rules: [{ ...rule, action: { queue: "to" } }] } });
  const retryPolicy = { initialDelayMs: 1, jitter: "none" } as const;
  const { id } = stored(await dlq.send("from", "x", error, { ...AT_ONCE, retryPolicy }));
  dlq.worker({ queues: ["from"], handler: () => Promise.reject(error), onError: () => {} });
  work(dlq, "to");
  await until(() => kindsOf(id).length === 2, "the callbacks");
  expect(got).toMatchObject([
    { kind: "failed", queue: "from", attempts: 1 },
    { kind: "succeeded", queue: "to" },
  ]);
});

it("after a break of the connection the next events come once", async () => {
  const proxy = await LinkProxy.open(() => [{ port: Number(server.grpcAddress.split(":")[1]) }]);
  const got: string[] = [];
  const dlq = clientOf(
    { grpcAddress: proxy.address },
    {
      onFailed: ({ attempts }) => void got.push(`failed ${attempts}`),
      onSucceeded: () => void got.push("succeeded"),
    },
  );
  const direct = clientOf(server);
  const retryPolicy = { initialDelayMs: 1, jitter: "none" } as const;
  await dlq.send("broken", "x", error, { ...AT_ONCE, retryPolicy });
  let failures = 0;
  direct.worker({
    queues: ["broken"],
    onError: () => {},
    handler: async () => {
      if (failures === 2) return;
      failures++;
      if (failures === 2) proxy.reset();
      throw error;
    },
  });
  await until(() => got.includes("succeeded"), "the success");
  expect(got).toEqual(["failed 1", "failed 2", "succeeded"]);
  await dlq.close(0);
  await proxy.close();
});

it("a callback runs outside of the handler whose send it is about", async () => {
  const payload = `order ${randomUUID()}`;
  const again: string[] = [];
  const { dlq } = recordingClient({
    onFailed: async ({ queue }) => {
      if (queue === "inner") again.push((await dlq.send("outer", payload, error)).status);
    },
  });
  const seen = Promise.withResolvers<void>();
  dlq.worker({
    queues: ["outer"],
    handler: async () => {
      await dlq.send("inner", "x", error, AT_ONCE);
      await until(() => again.length > 0, "the callback");
      seen.resolve();
    },
  });
  dlq.worker({ queues: ["inner"], handler: () => Promise.reject(error), onError: () => {} });
  await dlq.send("outer", payload, error, AT_ONCE);
  await seen.promise;
  expect(again[0]).toBe("sent"); // not "delivery": that is the handler's own outcome
});

it("a callback may close its client", async () => {
  const closed = Promise.withResolvers<number>();
  const { dlq } = recordingClient({
    onSucceeded: async () => {
      const beganAtMs = performance.now();
      await dlq.close();
      closed.resolve(performance.now() - beganAtMs);
    },
  });
  await dlq.send("closing", "x", error, AT_ONCE);
  work(clientOf(server), "closing");
  expect(await closed.promise).toBeLessThan(4_000); // a close that waits for the callback takes 5 s
});

it("a callback that is no function is refused", () => {
  for (const name of ["onSucceeded", "onFailed", "onQuarantined"]) {
    expect(() => clientOf(server, { [name]: "print" })).toThrow(`${name} is of type string`);
  }
});
