// `dlq retry` by ids, by a filter of a queue, and by a group, against a real server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageState, Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, sendAll, type TestClient } from "../../support/grpc.ts";
import { sendRequest, sendRequests } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { type DlqRun, runDlq } from "./run-dlq.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const dlq = (args: readonly string[], run: DlqRun = {}) =>
  runDlq(args, { target: server.grpcAddress, ...run });

async function stored(queue: string) {
  const { messages } = await client.admin.listMessages({ queue, pageSize: 1_000 });
  return messages;
}

describe("retry", () => {
  const poison = { failure: { reason: Reason.POISON_MESSAGE } };
  const states = async (queue: string) => (await stored(queue)).map(({ state }) => state);

  it("retries all that match, if their number is the expected one", async () => {
    await sendAll(client.dlq, sendRequests(3, "matching", poison));
    const asked = await dlq(["retry", "matching", "--reason", "poison-message"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("3 messages match in matching now; nothing was retried");
    expect(asked.stderr).toContain("the same command with --expect 3");
    const other = await dlq(["retry", "matching", "--expect", "2"]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("is 2, but 3 match") });
    const dry = await dlq(["retry", "matching", "--expect", "3", "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stdout: "Would be due now: 3\n" });
    expect(await states("matching")).toEqual(Array(3).fill(MessageState.QUARANTINED));
    const done = await dlq(["retry", "matching", "--expect", "3", "-o", "json"]);
    expect(JSON.parse(done.stdout)).toEqual({
      ...{ retriedCount: 3, refused: [], remainingCount: 0, previews: [], nextPageToken: "" },
    });
    expect(await states("matching")).toEqual(Array(3).fill(MessageState.SCHEDULED));
  });

  it("retries more than one call takes", async () => {
    await sendAll(client.dlq, sendRequests(1_200, "many", poison));
    const { stdout } = await dlq(["retry", "many", "--expect", "1200"]);
    expect(stdout).toBe("Due now: 1,200\n");
  });

  it("retries ids of several queues, and says which are gone", async () => {
    const ids = await sendAll(client.dlq, [sendRequest("a", poison), sendRequest("b", poison)]);
    const gone = "01a21eee-752a-7000-8000-000c64f1d2b3";
    const { code, stdout } = await dlq(["retry", ...ids, gone]);
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringMatching(
        new RegExp(`^Due now: 2\\nNOT RETRIED +WHY\\n${gone} +no queue has it`),
      ),
    });
    const again = await dlq(["retry", "--queue", "a", "-"], { stdin: `${ids[0]}\n` });
    expect(again.stdout).toBe("Due now: 1\n");
  });

  it("names the state in which others match", async () => {
    const later = { firstRetry: { case: "delay" as const, value: { seconds: 3_600n } } };
    const failure = { reason: Reason.TIMEOUT };
    await sendAll(client.dlq, sendRequests(2, "waiting", { ...later, failure }));
    const { code, stderr } = await dlq(["retry", "waiting", "--reason", "timeout"]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "dlq: 0 messages match in waiting now; nothing was retried, because --expect is missing\n  2 are scheduled: add --state scheduled\n",
    });
    const none = await dlq(["retry", "waiting", "--reason", "network_error"]);
    expect(none.stderr).toContain("\n  `dlq queues` shows what is stored\n");
  });

  it("retries ids only if there are as many as expected", async () => {
    const ids = await sendAll(client.dlq, sendRequests(2, "by-ids", poison));
    const stdin = `${ids.join("\n")}\n`;
    for (const args of [["-"], ids]) {
      expect(await dlq(["retry", ...args, "--expect", "3"], { stdin })).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringContaining("--expect is 3, but 2 ids are given; nothing was retried"),
      });
    }
    expect(await states("by-ids")).toEqual(Array(2).fill(MessageState.QUARANTINED));
    const twice = ["retry", ...ids, ...ids, "--expect", "2"];
    expect(await dlq(twice)).toMatchObject({ code: 0, stdout: "Due now: 2\n" });
  });

  it.each([
    ["--state", "scheduled"],
    ["--reason", "timeout"],
    ["--quarantine-reason", "poison_message"],
    ["--group", "01f3a8"],
  ])("refuses ids with %s", async (option, value) => {
    const ids = await sendAll(client.dlq, [sendRequest("filtered", poison)]);
    for (const args of [["-"], ids]) {
      const run = await dlq(["retry", ...args, option, value], { stdin: ids.join("\n") });
      expect(run).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`${option} is for queues, not for ids; nothing was`),
      });
    }
    expect(await states("filtered")).not.toContain(MessageState.SCHEDULED);
  });

  it("refuses what is no id", async () => {
    expect(await dlq(["retry", "-"], { stdin: "x" })).toMatchObject({ code: 2 });
  });
});

describe("retry of a group", () => {
  const failing = (type: string, reason: Reason = Reason.POISON_MESSAGE) => ({
    failure: { reason, type, message: "total must be a number" },
  });
  const groupOf = async (type: string) =>
    (await client.admin.listGroups({})).groups.find((one) => one.failureType === type)?.id ?? "";
  const count = async (queue: string, state: string) => {
    const { counts } = JSON.parse((await dlq(["count", queue, "-s", state, "-o", "json"])).stdout);
    return Number(counts?.[0]?.count ?? 0);
  };

  it("retries its messages in quarantine, in the queue that is named", async () => {
    await sendAll(client.dlq, [
      ...sendRequests(60, "grouped-a", failing("GroupA")),
      ...sendRequests(3, "grouped-a", failing("GroupB")),
      ...sendRequests(2, "grouped-b", failing("GroupA")),
    ]);
    const id = (await groupOf("GroupA")).slice(0, 8);
    const asked = await dlq(["retry", "grouped-a", "--group", id]);
    expect(asked).toEqual({
      ...{ code: 2, stdout: "" },
      stderr:
        "dlq: 60 messages match now (grouped-a 60); nothing was retried, because --expect is missing\n  to retry: the same command with --expect 60\n",
    });
    const other = await dlq(["retry", "grouped-a", "--group", id, "--expect", "62"]);
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--expect is 62, but 60 messages match"),
    });
    expect(await count("grouped-*", "scheduled")).toBe(0);
    const done = await dlq(["retry", "grouped-a", "--group", id, "--expect", "60"]);
    expect(done).toEqual({ code: 0, stdout: "Due now: 60\n", stderr: "" });
    expect(await count("grouped-a", "scheduled")).toBe(60);
    expect(await count("grouped-b", "quarantined")).toBe(2);
  });

  it("retries more than one call takes, in all queues that match a pattern", async () => {
    await sendAll(client.dlq, [
      ...sendRequests(1_300, "wide-a", failing("Wide")),
      ...sendRequests(1_200, "wide-b", failing("Wide")),
      sendRequest("narrow", failing("Wide")),
      sendRequest("wide-a", failing("Other")),
    ]);
    const args = ["retry", "wide-*", "--group", await groupOf("Wide")];
    const asked = await dlq(args);
    expect(asked.stderr).toContain("2,500 messages match now (wide-a 1,300, wide-b 1,200);");
    expect(asked.stderr).toContain("--expect 2500");
    const dry = await dlq([...args, "--expect", "2500", "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stdout: "Would be due now: 2,500\n" });
    expect(await count("wide-*", "scheduled")).toBe(0);
    const { stdout } = await dlq([...args, "--expect", "2500", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ retriedCount: 2_500 });
    expect(await count("wide-*", "quarantined")).toBe(1);
    expect(await count("narrow", "quarantined")).toBe(1);
    // Without a queue: in all.
    const rest = ["retry", "--group", await groupOf("Wide"), "--expect", "1"];
    expect((await dlq(rest)).stdout).toBe("Due now: 1\n");
  });

  it("shows progress, and ends by Ctrl-C with what it has done", async () => {
    await sendAll(client.dlq, sendRequests(2_100, "long", failing("Long")));
    const args = ["retry", "long", "--group", await groupOf("Long"), "--expect", "2100"];
    const { code, stderr } = await dlq(args, {
      columns: 80,
      onWrite: (text, interrupt) => text.includes("retried 1,000 of 2,100") && interrupt(),
    });
    expect(code).toBe(130);
    expect(stderr).toContain("Partial: interrupted; 1,100 remain.");
    expect(await count("long", "quarantined")).toBe(1_100);
  });

  it("has the other conditions of retry", async () => {
    const network = failing("Mixed", Reason.NETWORK_ERROR);
    await sendAll(client.dlq, [
      sendRequest("mixed", { ...network, firstRetry: { case: "delay", value: { seconds: 60n } } }),
      sendRequest("mixed", failing("Mixed2")),
    ]);
    const args = ["retry", "mixed", "--group", await groupOf("Mixed")];
    expect((await dlq([...args, "--expect", "0"])).stdout).toBe("Due now: 0\n");
    expect((await dlq([...args, "--state", "scheduled", "--expect", "1"])).stdout).toBe(
      "Due now: 1\n",
    );
    const other = [...args, "--state", "scheduled", "--reason", "timeout", "--expect", "0"];
    expect((await dlq(other)).code).toBe(0);
  });

  it.each([
    [["retry"], "name a queue, ids or a --group"],
    [["retry", "-", "01a21eee-752a-7000-8000-000c64f1d2b3"], "is not expected after -"],
    [["retry", "x", "--queue", "y"], "--queue is for ids"],
    [["retry", "x", "--group", "01f3"], '"01f3" is no id of a group'],
    [["retry", "x", "--group", "01f3a8", "--state", "in_flight"], '"in_flight" is none of'],
    [
      ["retry", "01a21eee-752a-7000-8000-000c64f1d2b3", "--group", "01f3a8"],
      "--group is for queues",
    ],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await dlq(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});
