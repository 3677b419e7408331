// The name of a token in the log: who did what; and what a caller leaves to others.

import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { expect, it, onTestFinished } from "vitest";
import { RuleEvent } from "../../gen/dlq/v1/rule_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

const OPS = "token-of-the-operator-01";
const WORKER = "token-of-the-worker-0001";
const UNNAMED = "token-without-any-name-1";

async function start(env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp("/tmp/dlq-tokens-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const tokens = join(folder, "tokens");
  const line = (name: string, token: string, rest = "") =>
    `${name}:sha256:${createHash("sha256").update(token).digest("hex")}${rest}\n`;
  await writeFile(
    tokens,
    line("worker", WORKER, " expires=2999-01-01T00:00:00Z") +
      line("former", "token-of-a-former-caller", " expires=2020-01-01T00:00:00Z"),
  );
  const server = await startTestServer({
    env: { DLQ_TOKENS: `ops:${OPS},${UNNAMED}`, DLQ_TOKENS_FILE: tokens, ...env },
  });
  onTestFinished(() => server.stop());
  const as = (token: string): TestClient => {
    const client = connectTo(server.grpcAddress, { token });
    onTestFinished(() => client.close());
    return client;
  };
  return { server, as };
}

it("lines about actions have the name of the caller", async () => {
  const { server, as } = await start();
  const ops = as(OPS);
  const poison = { failure: { reason: Reason.POISON_MESSAGE } };
  const { id } = await as(UNNAMED).dlq.sendToDlq(sendRequest("q", poison));
  await ops.dlq.retry({ queue: "q", ids: [id] });
  await as(UNNAMED).dlq.retry({ queue: "q", ids: [id] });
  const worker = await Worker.open(as(WORKER).dlq, { queues: ["q"] });
  await worker.settle(await worker.next(), { case: "quarantined", value: { note: "" } });
  await worker.close();
  await until("the end of the stream", () =>
    server.logs.some(({ msg }) => msg === "stream closed"),
  );
  await ops.admin.updateQueue({ queue: { name: "q", config: { pause: { paused: true } } } });
  const rule = { name: "r", when: "true", event: RuleEvent.ARRIVAL, action: { priority: 1 } };
  await ops.admin.updateRules({ ruleSet: { rules: [rule] } });
  await ops.admin.deleteQueue({ queue: "q", expectedCount: 1n });
  const seen = await until("the last line", () => {
    const lines = server.logs.filter(({ caller }) => caller !== undefined);
    return lines.some(({ msg }) => msg === "deleting queue") ? lines : undefined;
  });
  expect(seen.map(({ msg, caller }) => `${msg}: ${caller}`)).toEqual([
    "retried: ops",
    "retried: token-2",
    "stream opened: worker",
    "quarantined: worker",
    "stream closed: worker",
    "queue paused: ops",
    "routing rules updated: ops",
    "deleting queue: ops",
  ]);
  expect(server.output()).not.toContain("token-of-");
});

it("an expired token of the file is refused", async () => {
  const { as } = await start();
  const error = await errorOf(as("token-of-a-former-caller").dlq.stats({}));
  expect(error.code).toBe(Code.Unauthenticated);
});

it("half of the watches are left to other callers", async () => {
  const { as } = await start({ DLQ_MAX_WATCHES: "4" });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const open = async (token: string) => {
    const responses = as(token).dlq.watchEvents({}, { signal: stop.signal });
    await responses[Symbol.asyncIterator]().next();
  };
  for (let n = 0; n < 2; n++) await open(WORKER);
  const error = await errorOf(open(WORKER));
  expect(error).toMatchObject({ code: Code.Unavailable });
  expect(error.rawMessage).toContain("this caller has 2 calls of WatchEvents and WatchMessages");
  await open(OPS);
});
