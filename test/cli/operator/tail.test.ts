// `dlq tail` against a real server: what a person and a script see of events.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { dueIn, failed, retriesAtOnce, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, jsonLines, runDlq } from "./run-dlq.ts";

const MAIN = resolve(import.meta.dirname, "../../../clients/cli/src/main.ts");

let server: TestServer;
let client: TestClient;
/** Of a message that was accepted, failed, and is in quarantine. */
let poisonId: string;
/** Of a message that waits. */
let waitingId: string;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  const failure = { reason: Reason.TIMEOUT };
  const one = await client.dlq.sendToDlq(
    sendRequest("orders-eu", { ...retriesAtOnce(1), failure }),
  );
  poisonId = one.id;
  const worker = await Worker.open(client.dlq, { queues: ["orders-eu"] });
  await worker.settle(await worker.next(), failed());
  await worker.close();
  waitingId = (await client.dlq.sendToDlq(sendRequest("mails", dueIn(3_600_000)))).id;
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const tail = (args: readonly string[], run: DlqRun = {}) =>
  runDlq(["tail", ...args], { target: server.grpcAddress, ...run });

/** Ends a run when `count` lines of stdout are written. */
function interruptAfter(count: number): Required<Pick<DlqRun, "onWrite">> {
  let lines = 0;
  return {
    onWrite(text, interrupt) {
      lines += text.startsWith("20") || text.startsWith("{") ? 1 : 0;
      if (lines === count) interrupt();
    },
  };
}

/** Types and queues of the lines in a file. */
const shortLines = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/).slice(1, 3).join(" "));

describe("in a file", () => {
  it("has one line an event with instants and whole ids", async () => {
    const { code, stdout } = await tail(["orders-eu", "--since", "1h", "--limit", "5"]);
    expect(code).toBe(0);
    const instant = "20\\S+T\\S+Z";
    expect(stdout.trimEnd().split("\n")).toEqual(
      [
        `message_added    orders-eu  ${poisonId}  TIMEOUT`,
        `retry_scheduled  orders-eu  ${poisonId}  due ${instant}, TIMEOUT`,
        `group_opened     orders-eu  ${poisonId}  group [0-9a-f]{8}, TIMEOUT`,
        `retry_failed     orders-eu  ${poisonId}  UNKNOWN_ERROR, attempts 1`,
        `moved_to_poison  orders-eu  ${poisonId}  RETRIES_EXHAUSTED, UNKNOWN_ERROR, attempts 1`,
      ].map((line) => expect.stringMatching(new RegExp(`^${instant}  ${line}$`))),
    );
  });

  it.each<[string[], string[]]>([
    [
      ["mails", "orders-eu", "--type", "moved_to_poison,message-added"],
      ["message_added mails", "message_added orders-eu", "moved_to_poison orders-eu"],
    ],
    [["orders-*", "--type", "retry_failed"], ["retry_failed orders-eu"]],
    [["-f", 'group_id != "" && queue_name == "orders-eu"'], ["group_opened orders-eu"]],
    [["--type", "delivered"], ["delivered orders-eu"]],
  ])("%j selects", async (args, expected) => {
    const { stdout } = await tail([...args, "--since", "1h", "-n", String(expected.length)]);
    expect(shortLines(stdout).toSorted()).toEqual(expected);
  });

  it("follows one message by its id, by the digits that a terminal shows, and with a filter", async () => {
    for (const id of [waitingId, waitingId.toUpperCase(), `…${waitingId.slice(-8)}`]) {
      const { stdout } = await tail(["--message", id, "--since", "1h", "-n", "2"]);
      expect(shortLines(stdout)).toEqual(["message_added mails", "retry_scheduled mails"]);
    }
    const either = 'reason == "NONE" || event_type == "retry_scheduled"';
    const both = ["--message", waitingId, "-f", either.replace("NONE", "TIMEOUT")];
    const { stdout } = await tail([...both, "--since", "1h", "-n", "1"]);
    expect(shortLines(stdout)).toEqual(["retry_scheduled mails"]);
  });
});

it("follows what happens from now on, until Ctrl-C", async () => {
  const { onWrite } = interruptAfter(2);
  let isSent = false;
  const { code, stdout, stderr } = await tail(["fresh"], {
    onWrite(text, interrupt) {
      onWrite(text, interrupt);
      if (!isSent) void client.dlq.sendToDlq(sendRequest("fresh", dueIn(60_000)));
      isSent = true;
    },
  });
  expect(code).toBe(130);
  expect(stderr).toBe("Nothing has come into fresh yet. Waits for its first message.\n");
  expect(shortLines(stdout).slice(0, 2)).toEqual(["message_added fresh", "retry_scheduled fresh"]);
});

it.each([["--json"], ["-o", "jsonl"], ["-o", "json"]])(
  "%s %s prints objects with the names of NATS",
  async (...option) => {
    const args = ["orders-eu", "--since", "1h", "--type", "moved_to_poison", "--limit", "1"];
    const { stdout } = await tail([...args, ...option.filter((word) => word !== undefined)]);
    expect(jsonLines(stdout)).toEqual([
      {
        message_id: poisonId,
        reason: "unknown_error",
        retry_count: 1,
        queue_name: "orders-eu",
        timestamp: expect.stringMatching(/^20.*\+00:00$/),
        event_type: "moved_to_poison",
        event_id: expect.any(String),
        state: "quarantined",
        quarantine_reason: "retries_exhausted",
        delivery_count: 1,
        version: expect.any(Number),
      },
    ]);
  },
);

describe("refuses", () => {
  it("a type that does not exist, with the one that was probably meant", async () => {
    for (const [wrong, meant] of [
      ["retry_faild", "retry_failed"],
      ["poison", "moved_to_poison"],
    ]) {
      const { code, stderr } = await tail(["--type", wrong as string]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(
          `"${wrong}" is none of message_added, .*\\n {2}did you mean ${meant}\\?\\n$`,
        ),
      });
    }
    const both = await tail(["--type", "opened"]);
    expect(both.stderr).not.toContain("did you mean");
  });

  it("a filter, with the position of the mistake", async () => {
    const { code, stderr } = await tail(["-f", "retry_count >> 3"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^dlq: filter: /) });
    const listed = await runDlq(["ls", "-f", "retry_count >> 3"], { target: server.grpcAddress });
    expect(stderr).toBe(listed.stderr);
  });

  it.each<[string[], string]>([
    [["--message", "x"], '"x" is no id of a message'],
    [["--limit", "0"], '"0" is no whole number'],
    [
      ["--since", "yesterday"],
      "write one such as 30s, 1h30m or 7d, or a time such as 2026-01-31T18:",
    ],
    [["--since", "2026-02-31T18:00Z"], '"2026-02-31T18:00Z" is no duration or time'],
    [["--since", "2026-01-31T18:00+99:99"], '"2026-01-31T18:00+99:99" is no duration or time'],
    [Array.from({ length: 101 }, (_, at) => `q${at}*`), "queues: has 101"],
  ])("%j", async (args, text) => {
    const { code, stderr } = await tail(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
  });
});

it("ends when its output is closed", async () => {
  const child = spawn(process.execPath, [MAIN, "tail", "closed", "--json"], {
    env: { PATH: process.env.PATH, DLQ_TARGET: server.grpcAddress },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  await once(child.stderr, "data"); // it waits for the first message
  const send = () => client.dlq.sendToDlq(sendRequest("closed", dueIn(60_000)));
  const sending = setInterval(() => void send().catch(() => {}), 50); // until the first line is there
  try {
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await exited).toEqual([0, null]);
  } finally {
    clearInterval(sending);
  }
});
