// `dlq work` as a process of its own: exit codes of the command, signals, and what is given back.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MessageState, QuarantineReason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { type SendRequest, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { jsonLines } from "./run-dlq.ts";

const MAIN = resolve(import.meta.dirname, "../../../clients/cli/src/main.ts");

let server: TestServer;
let client: TestClient;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  folder = mkdtempSync(join(tmpdir(), "dlq-work-"));
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

const start = (...args: string[]) => startWith({}, ...args);

function startWith(env: Record<string, string>, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, "work", ...args], {
    env: { PATH: process.env.PATH, HOME: folder, DLQ_TARGET: server.grpcAddress, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess) {
  const closed = once(child, "close");
  if (child.stdout === null || child.stderr === null) throw new Error("no output");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}

const work = (...args: string[]) => ended(start(...args));

async function send(queue: string, more: SendRequest = {}): Promise<string> {
  return (await client.dlq.sendToDlq(sendRequest(queue, more))).id;
}

async function only(queue: string) {
  const { messages } = await client.admin.listMessages({ queue });
  expect(messages).toHaveLength(1);
  return messages[0];
}

it("says once that nothing has come into a queue yet, and waits", async () => {
  await send("mails");
  const child = start("mials", "--limit", "1", "--", "true");
  if (child.stderr === null) throw new Error("no output");
  const [first] = await once(child.stderr.setEncoding("utf8"), "data");
  expect(first).toBe(
    "Nothing has come into mials yet; did you mean mails? Waits for its first message.\n",
  );
  const id = await send("mials");
  const { code, stderr } = await ended(child);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(new RegExp(`^${id} mials succeeded in \\S+\n$`)),
  });
});

describe("the exit code of the command is the outcome", () => {
  it("0: done, with the payload on stdin and facts in variables", async () => {
    const id = await send("done", {
      payload: { body: { case: "text", value: "the payload" } },
      attributes: { host: "x" },
      sourceId: "o-1",
    });
    const script =
      'cat; echo "|$DLQ_MESSAGE_ID|$DLQ_MESSAGE_QUEUE|$DLQ_MESSAGE_ATTEMPT|$DLQ_MESSAGE_SOURCE_ID|$DLQ_MESSAGE_ATTRIBUTES"';
    const { code, stdout, stderr } = await work("done", "--limit", "1", "--", "sh", "-c", script);
    expect(code).toBe(0);
    expect(stdout).toBe(`the payload|${id}|done|1|o-1|{"host":"x"}\n`);
    expect(stderr).toMatch(new RegExp(`^${id} done succeeded in \\S+\\n$`));
    const { queues } = await client.dlq.stats({ queues: ["done"] });
    expect(queues[0]?.totals?.succeeded).toBe(1n);
  });

  it("has the environment of this program, without its token", async () => {
    await send("secret");
    const script = 'echo "$HOME|$(printenv DLQ_TOKEN || echo unset)"';
    const args = ["secret", "--limit", "1", "--", "sh", "-c", script];
    const { stdout } = await ended(startWith({ DLQ_TOKEN: "a-secret" }, ...args));
    expect(stdout).toBe(`${folder}|unset\n`);
  });

  it("other codes: fails with the last lines of stderr", async () => {
    await send("failing");
    const script = "for i in $(seq 30); do echo line $i >&2; done; exit 3";
    const { code, stdout } = await work(
      ...["failing", "--limit", "1", "-o", "jsonl", "--", "sh", "-c", script],
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { queue: "failing", attempt: 1, outcome: "failed", state: "SCHEDULED" },
    ]);
    const message = (await only("failing"))?.message?.failure?.message;
    expect(message).toMatch(/^exit code 3: line 11\nline 12\n(?:line \d+\n)*line 30$/);
  });

  it("what a command leaves running does not hold its message", async () => {
    await send("daemon");
    const goesOn = join(folder, "goes-on");
    writeFileSync(goesOn, "");
    const script = `echo out; while [ -e ${goesOn} ]; do sleep 0.05; done >/dev/null &`;
    const { code, stdout, stderr } = await work(
      ...["daemon", "--limit", "1", "-o", "json", "--", "sh", "-c", script],
    );
    rmSync(goesOn);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "out\n" });
    expect(jsonLines(stdout)).toMatchObject([{ queue: "daemon", outcome: "succeeded" }]);
  });

  it("a command that is killed fails", async () => {
    await send("killed");
    await work("killed", "--limit", "1", "--", "sh", "-c", "kill -9 $$");
    expect((await only("killed"))?.message?.failure?.message).toBe("killed by SIGKILL");
  });

  it("65 quarantines", async () => {
    await send("quarantined");
    await work("quarantined", "--limit", "1", "--", "sh", "-c", "echo look >&2; exit 65");
    expect(await only("quarantined")).toMatchObject({
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.WORKER_REQUEST,
    });
  });

  it("75 releases, and no attempt is counted", async () => {
    await send("released");
    await work("released", "--limit", "1", "--", "sh", "-c", "exit 75");
    expect(await only("released")).toMatchObject({ releaseCount: 1, message: { attempts: 0 } });
  });

  it("99 discards", async () => {
    await send("discarded");
    await work("discarded", "--limit", "1", "--", "sh", "-c", "exit 99");
    const { queues } = await client.dlq.stats({ queues: ["discarded"] });
    expect(queues[0]?.totals?.discarded).toBe(1n);
  });
});

it("a command that does not exist ends it, and the message is given back", async () => {
  await send("nothing");
  const { code, stderr } = await work("nothing", "--", "/no/such/command");
  expect(code).toBe(2);
  expect(stderr).toContain("dlq: there is no command /no/such/command");
  expect(await only("nothing")).toMatchObject({
    state: MessageState.SCHEDULED,
    message: { attempts: 0 },
  });
});

it("wrong names, options and addresses end it at once", async () => {
  const name = await work("bad name", "--", "cat");
  expect(name).toMatchObject({ code: 2, stderr: expect.stringMatching(/^dlq: queues\[0\]/) });
  const lease = await work("orders", "--lease", "1ms", "--", "cat");
  expect(lease).toMatchObject({ code: 2, stderr: expect.stringContaining("leaseDurationMs is 1") });
  const address = await work("orders", "--target", "127.0.0.1:1", "--", "cat");
  expect(address).toMatchObject({ code: 4 });
});

it("runs no more commands at a time than it may", async () => {
  for (let at = 0; at < 4; at++) await send("narrow");
  const lock = join(folder, "lock");
  // Two at a time would find the folder.
  const script = `mkdir ${lock} || exit 65; sleep 0.05; rmdir ${lock}`;
  const { stderr } = await work("narrow", "-c", "1", "-n", "4", "--", "sh", "-c", script);
  expect(stderr.match(/ succeeded in /g)).toHaveLength(4);
});

it("a second Ctrl-C kills running commands", async () => {
  const begun = join(folder, "second");
  await send("second");
  const child = start("second", "--", "sh", "-c", `echo $$ > ${begun}; sleep 600`);
  const end = ended(child);
  const pid = () => (existsSync(begun) ? readFileSync(begun, "utf8").trim() : "");
  await vi.waitUntil(pid, { timeout: 60_000 });
  child.kill("SIGINT");
  const isConnected = async () => {
    const { workers } = await client.admin.listWorkers({ queue: "second" });
    return workers.some(({ connected }) => connected);
  };
  await vi.waitUntil(async () => !(await isConnected()), { timeout: 60_000 });
  child.kill("SIGINT");
  expect((await end).code).toBe(130);
  await vi.waitUntil(() => !existsSync(`/proc/${pid()}`), { timeout: 60_000 });
});

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  it("waits for running commands, then ends with 0", async () => {
    const [queue, begun, go] = [
      `waits-${signal}`,
      join(folder, `b${signal}`),
      join(folder, `g${signal}`),
    ];
    await send(queue);
    const script = `touch ${begun}; while [ ! -e ${go} ]; do sleep 0.02; done; echo finished`;
    const child = start(queue, "--", "sh", "-c", script);
    const end = ended(child);
    await vi.waitUntil(() => existsSync(begun), { timeout: 60_000 });
    child.kill(signal);
    spawn("touch", [go]);
    expect(await end).toMatchObject({ code: 0, stdout: "finished\n" });
    const { queues } = await client.dlq.stats({ queues: [queue] });
    expect(queues[0]).toMatchObject({ inFlight: 0n, totals: { succeeded: 1n } });
  });

  it("ends commands that take too long, and gives their messages back", async () => {
    const [queue, begun] = [`ends-${signal}`, join(folder, `e${signal}`)];
    await send(queue);
    const script = `touch ${begun}; sleep 600`;
    const child = start(queue, "--drain-timeout", "100ms", "--", "sh", "-c", script);
    const end = ended(child);
    await vi.waitUntil(() => existsSync(begun), { timeout: 60_000 });
    child.kill(signal);
    expect((await end).code).toBe(0);
    expect(await only(queue)).toMatchObject({
      state: MessageState.SCHEDULED,
      releaseCount: 1,
      message: { attempts: 0 },
    });
  });
});
