// Runs the programs of the guides against a real server, with the address of the test. Some lines after each program call
// its functions.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fence, readDocument } from "./markdown.ts";

const SEND = readDocument("docs/guides/send.md");
const WORK = readDocument("docs/guides/work.md");

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Runs a program from stdin. Resolves with its output when it has succeeded. */
async function run(command: string, args: readonly string[], program: string): Promise<string> {
  const child = spawn(command, args, {
    env: pythonEnvironment(),
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 50_000,
  });
  child.stdin.end(program.replaceAll("localhost:50051", server.grpcAddress));
  const closed = once(child, "close");
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  expect(child.exitCode, errors).toBe(0);
  return out.trim();
}

async function totalsOf(queue: string): Promise<unknown> {
  const url = `http://${server.httpAddress}/dlq.v1.DlqService/Stats`;
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ queues: [queue] });
  const answer = await fetch(url, { method: "POST", headers, body });
  const { queues } = (await answer.json()) as { queues: { totals: unknown }[] };
  return queues[0]?.totals;
}

/** Makes the sent message due at once, because the delays of its preset are minutes. */
const DRIVER = `
import threading

sent = to_dlq("one", ValueError("a"))
stub.Retry(dlq.RetryRequest(queue="orders", ids=[sent]), timeout=10)
seen = []

def handle(message):
    seen.append(message.payload.text)
    if len(seen) == 1:
        raise RuntimeError("once")

def totals():
    return stub.Stats(dlq.StatsRequest(queues=["orders"]), timeout=10).queues[0].totals

threading.Thread(target=work, args=[handle], daemon=True).start()
while totals().failed_attempts != 1:
    pass
stub.Retry(dlq.RetryRequest(queue="orders", ids=[sent]), timeout=10)
while totals().succeeded != 1:
    pass
print(",".join(seen))
`;

test("the programs of the guides: a dead letter is sent, fails once, and is done", async () => {
  const parts = [fence(SEND, "python producer"), fence(WORK, "python worker"), DRIVER];
  expect(await run(findPython(), ["-"], parts.join("\n"))).toBe("one,one");
  const expected = { accepted: "1", failedAttempts: "1", succeeded: "1", deliveries: "2" };
  expect(await totalsOf("orders")).toMatchObject(expected);
});
