// `dlq deleted` and `dlq undelete` against a real server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { discarded, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
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

async function discard(queue: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  const worker = await Worker.open(client.dlq, { queues: [queue], workerId: "w" });
  for (let n = 0; n < count; n++) {
    const { id } = await client.dlq.sendToDlq(sendRequest(queue));
    await worker.settle(await worker.next(), discarded);
    ids.push(id);
  }
  await worker.close();
  return ids;
}

describe("deleted", () => {
  it("lists what can come back, as table, JSON and ids", async () => {
    const [first, second] = await discard("listed", 2);
    const table = await dlq(["deleted", "listed"]);
    expect(table.stdout).toMatch(/^ID +ENDED +AGO +ERASED/);
    expect(table.stdout).toMatch(new RegExp(`\\n${second} +DISCARDED .*of no use\\n${first} `));
    const json = JSON.parse((await dlq(["deleted", "listed", "-o", "json"])).stdout);
    expect(json).toMatchObject({ totalCount: 2, messages: [{ id: second }, { id: first }] });
    const limited = await dlq(["deleted", "listed", "--limit", "1"]);
    expect(limited.stderr).toContain("There are 2 messages");
    expect((await dlq(["deleted", "listed", "--ids"])).stdout).toBe(`${second}\n${first}\n`);
  });

  it("says when there is none", async () => {
    await client.dlq.sendToDlq(sendRequest("none"));
    const { code, stderr } = await dlq(["deleted", "none"]);
    expect([code, stderr]).toEqual([0, "No deleted message is kept.\n"]);
  });
});

describe("undelete", () => {
  it("brings back ids, and says why others stay away", async () => {
    const [id = ""] = await discard("by-id", 1);
    const first = await dlq(["undelete", "by-id", id]);
    expect([first.code, first.stdout]).toEqual([0, "Brought back: 1\n"]);
    const again = await dlq(["undelete", "by-id", id]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain("the queue has it");
    const missing = await dlq(["undelete", "by-id", "-"], {
      stdin: "01a21eee-752a-7000-8000-000c64f1d2b3",
    });
    expect(missing.code).toBe(3);
  });

  it("by time needs --yes in a script", async () => {
    await discard("by-time", 2);
    const asked = await dlq(["undelete", "by-time", "--from", "1h"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("2 messages would come back into by-time; nothing was changed");
    const done = await dlq(["undelete", "by-time", "--from", "1h", "--retry", "--yes"]);
    expect([done.code, done.stdout]).toEqual([0, "Brought back: 2\n"]);
    const rest = await dlq(["undelete", "by-time", "--from", "1h", "-o", "json"]);
    expect(JSON.parse(rest.stdout)).toMatchObject({ undeletedCount: 0 });
  });

  it("says why nothing came back by time, and finds no queue that does not exist", async () => {
    await client.dlq.sendToDlq(sendRequest("kept"));
    const deleted = await dlq(["undelete", "kept", "--from", "1h"]);
    expect(deleted).toEqual({
      ...{ code: 0, stdout: "Brought back: 0\n" },
      stderr:
        "Nothing that ended in this time is kept; retain_deleted of kept says for how long. `dlq deleted kept` lists what is.\n",
    });
    const succeeded = await dlq(["undelete", "kept", "--from", "1h", "--succeeded"]);
    expect(succeeded.stderr).toContain("retain_succeeded of kept says for how long");
    const missing = await dlq(["undelete", "nowhere", "--from", "1h"]);
    expect(missing).toMatchObject({
      ...{ code: 3, stdout: "" },
      stderr: expect.stringContaining("there is no queue nowhere"),
    });
  });

  it.each([
    [["undelete", "q"], "give ids, - or --from"],
    [["undelete", "q", "x"], '"x" is no id'],
    [["undelete", "q", "x", "--from", "1h"], "--from selects messages by time"],
    [["undelete", "q", "x", "--succeeded"], "--to and --succeeded need --from"],
  ])("%j is refused", async (args, text) => {
    const { code, stderr } = await dlq(args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});
