// Backups of the embedded Redis while its server runs and producers send, and their restore.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, sendAll, type TestClient } from "../support/grpc.ts";
import { blob, dueIn, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const QUEUE = "orders";
const POISON = { failure: { reason: Reason.POISON_MESSAGE } };

let root: string;
let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  // Short, for the path of a socket in it.
  root = mkdtempSync("/tmp/dlq-b-");
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
  rmSync(root, { recursive: true });
});

async function dlqServer(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args]);
  return stdout;
}

async function idsIn(admin: TestClient["admin"]): Promise<string[]> {
  const ids: string[] = [];
  for await (const { messages } of admin.exportMessages({ queue: QUEUE }))
    ids.push(...messages.map(({ stored }) => stored?.message?.id ?? ""));
  return ids;
}

it("a backup that is made while sends go on has all that was stored when it began", async () => {
  const before = await sendAll(client.dlq, [
    ...sendRequests(600, QUEUE, dueIn(3_600_000)),
    ...sendRequests(400, QUEUE, { ...POISON, payload: blob(5_000) }),
  ]);
  // A worker holds one of these.
  await sendAll(client.dlq, sendRequests(1, QUEUE));
  const worker = await Worker.open(client.dlq, { queues: [QUEUE] });
  const held = await worker.next();

  let isOver = false;
  const later: string[] = [];
  const sending = (async () => {
    while (!isOver) {
      // On a busy machine Redis may not answer in time: only what was accepted counts.
      const sent = sendAll(client.dlq, sendRequests(20, QUEUE, dueIn(3_600_000)));
      later.push(...(await sent.catch(() => [])));
    }
  })();
  // Redis replaces its files meanwhile.
  await promisify(execFile)("redis-cli", [
    ...["-s", join(server.dataDir, "redis.sock"), "BGREWRITEAOF"],
  ]);
  const stored = [...before, ...later];
  expect(await dlqServer("backup", join(root, "b"), "--data-dir", server.dataDir)).toMatch(
    /^backup in .*: \d+ bytes, of /,
  );
  isOver = true;
  await sending;
  await worker.close();

  await dlqServer("restore", join(root, "b"), "--data-dir", join(root, "r"));
  const restored = await startTestServer({ args: ["--data-dir", join(root, "r")] });
  const there = connectTo(restored.grpcAddress);
  try {
    const ids = await idsIn(there.admin);
    expect(new Set(ids).size).toBe(ids.length);
    expect(stored.filter((id) => !ids.includes(id))).toEqual([]);
    // It goes on: what was in flight is due when its lease ends, and new messages are accepted.
    await there.admin.breakLease({ queue: QUEUE, id: held.message.id });
    const again = await Worker.open(there.dlq, { queues: [QUEUE] });
    expect((await again.next()).delivery).toMatchObject({ outcomeUnknown: true });
    await again.close();
    await sendAll(there.dlq, sendRequests(1, QUEUE, dueIn(3_600_000)));
    expect(await idsIn(there.admin)).toHaveLength(ids.length + 1);
    expect(restored.logs.filter(({ level }) => level === "error")).toEqual([]);
  } finally {
    there.close();
    await restored.stop();
  }
});
