// A queue hides values from operators and logs, not from workers.

import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { failed, type OutcomeInit, sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const TOKEN = "token-of-the-operator-01";
const EMAIL = "bob@acme.io";
const SECRET = "Basic Ym9i";

const REDACT = ["--redact", "/customer/email,attribute:authorization"];
const ASK: OutcomeInit = { case: "quarantined", value: { note: `ask ${EMAIL}` } };

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer({
    args: [...REDACT, "--log-level", "debug"],
    env: {
      ...{ DLQ_TOKENS: `ops:${TOKEN}`, DLQ_OUTBOX_FIELDS: "authorization,tenant" },
      DLQ_LOG_NOTES: "true",
    },
  });
  client = connectTo(server.grpcAddress, { token: TOKEN });
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const send = async (queue: string) => {
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest(queue),
    payload: { body: { case: "text", value: `{"customer":{"email":"${EMAIL}"},"total":1.0}` } },
    attributes: { Authorization: SECRET, authorization: SECRET, tenant: "acme" },
    failure: { reason: Reason.TIMEOUT, type: "Late", message: `no answer for ${EMAIL}` },
    retryPolicy: { initialDelay: { seconds: 0n } },
  });
  return id;
};

const outbox = async () => {
  const args = [MAIN, "outbox", "tail", "--all", "--data-dir", server.dataDir, ...REDACT];
  return (await promisify(execFile)(process.execPath, args)).stdout;
};

it("operators and logs see the rest of a message, and workers all of it", async () => {
  const id = await send("orders");
  const worker = await Worker.open(client.dlq, { queues: ["orders"] });
  const due = await worker.next();
  expect(due.message?.payload?.body.value).toContain(EMAIL);
  expect(due.message?.attributes.authorization).toBe(SECRET);
  await worker.settle(due, failed({ failure: { message: `refused ${EMAIL}` } }));
  await worker.settle(await worker.next(), ASK);
  await worker.close();

  const { message } = await client.admin.getMessage({ queue: "orders", id });
  expect(message?.message).toMatchObject({
    payload: { body: { value: '{"customer":{"email":"[redacted]"},"total":1.0}' } },
    attributes: { Authorization: "[redacted]", authorization: "[redacted]", tenant: "acme" },
  });
  expect(message?.failures.map(({ failure }) => failure?.message)).toEqual([
    ...["no answer for [redacted]", "refused [redacted]"],
  ]);
  expect(message?.events.map(({ note }) => note)).toEqual(["[redacted]"]);
  expect(message?.redacted).toEqual(["/customer/email", "attribute:authorization", "notes"]);

  const changes = await outbox();
  expect(changes).toContain('tenant="acme"');
  await until("the end of the stream", () =>
    server.logs.some(({ msg }) => msg === "stream closed"),
  );
  for (const text of [changes, JSON.stringify(server.logs)]) {
    expect(text).not.toContain(EMAIL);
    expect(text).not.toContain(SECRET);
  }

  const whole = await client.admin.getMessage({ queue: "orders", id, showRedacted: true });
  expect(whole.message?.message?.payload?.body.value).toContain(EMAIL);
  const line = await until("the line about it", () =>
    server.logs.find(({ msg }) => msg === "redacted content shown"),
  );
  expect(line).toMatchObject({
    ...{ level: "info", caller: "ops", call: "GetMessage", queue: "orders", id },
    address: "127.0.0.1",
  });
});

it("groups from before a queue redacts do not show what it hides now", async () => {
  const send = (code: string) =>
    client.dlq.sendToDlq({
      ...sendRequest("bills"),
      failure: {
        ...{ reason: Reason.TIMEOUT, type: "Late", message: "no answer for Robert Miller" },
        ...{ fingerprint: `late-${code}`, attributes: { code } },
      },
    });
  const update = (entries: string[]) =>
    client.admin.updateQueue({ queue: { name: "bills", config: { redact: { entries } } } });
  const groups = async () => {
    const found = (await client.admin.listGroups({ queue: "bills" })).groups;
    const one = await Promise.all(found.map(({ id }) => client.admin.getGroup({ id })));
    return JSON.stringify([found, one.map(({ group }) => group)], (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
  };
  await update([]);
  await send("tenant-4711");
  expect(await groups()).toContain("Robert Miller");
  await update(["attribute:code"]);
  await send("tenant-4712");
  const shown = await groups();
  expect(shown).toContain("same reason TIMEOUT and type Late");
  for (const text of ["Robert Miller", "tenant-47"]) expect(shown).not.toContain(text);
});

it("UpdateQueue changes what is hidden while the server runs", async () => {
  const id = await send("invoices");
  const update = (entries: string[]) =>
    client.admin.updateQueue({ queue: { name: "invoices", config: { redact: { entries } } } });
  const hidden = async () =>
    (await client.admin.getMessage({ queue: "invoices", id })).message?.redacted;
  const { queue } = await update(["/total", "attribute:Tenant"]);
  expect(queue?.effectiveConfig?.redact?.entries).toEqual(["/total", "attribute:tenant"]);
  expect(await hidden()).toEqual(["/total", "attribute:tenant"]);
  await update([]);
  expect(await hidden()).toEqual([]);
});
