// Runs the programs of the guides against a real server, with the address of the test. Some lines after each program call
// its functions.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

/**
 * Makes the sent messages due at once, because the delays of their preset are minutes. The first one fails once. Its next
 * outcome gets no answer, because Redis is stopped meanwhile.
 */
const driver = (redisPid: number) => `
import os, signal, threading

sent = [to_dlq(text, ValueError("a")) for text in ("one", "two")]
seen, held, acks, answers = [], [], [], []

def stats():
    return stub.Stats(dlq.StatsRequest(queues=["orders"]), timeout=10).queues[0]

def handle(message):
    seen.append(message.payload.text)
    held.append(stats().in_flight)
    if len(seen) == 1:
        raise RuntimeError("once")
    if len(seen) == 3:
        os.kill(${redisPid}, signal.SIGSTOP)

def ack(request, timeout, call=stub.Ack):
    acks.append(request.request_id)
    try:
        answers.append(call(request, timeout=timeout))
    except grpc.RpcError:
        os.kill(${redisPid}, signal.SIGCONT)
        raise

stub.Ack = ack
stub.Retry(dlq.RetryRequest(queue="orders", ids=sent), timeout=10)
worker = threading.Thread(target=work, args=[handle], daemon=True)
worker.start()
while worker.is_alive() and stats().totals.succeeded != 1:
    pass
stub.Retry(dlq.RetryRequest(queue="orders", ids=sent), timeout=10)
while worker.is_alive() and len(answers) != 3:
    pass
repeated = len(acks) > len(answers)
print(",".join(seen), held, len(set(acks)), repeated)
`;

test("the programs of the guides: each message is done, one fails first, one Ack gets no answer", async () => {
  const record = JSON.parse(await readFile(join(server.dataDir, "redis.json"), "utf8"));
  const parts = [fence(SEND, "python producer"), fence(WORK, "python worker"), driver(record.pid)];
  const out = await run(findPython(), ["-"], parts.join("\n"));
  // One message is held at a time. There are three requests, and one was repeated.
  expect(out).toBe("one,two,one [1, 1, 1] 3 True");
  const expected = { accepted: "2", failedAttempts: "1", succeeded: "2", deliveries: "3" };
  expect(await totalsOf("orders")).toMatchObject(expected);
});
