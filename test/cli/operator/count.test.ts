// `dlq count`, against a real server with three messages in as many queues.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, sendAll } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { jsonLines, runDlq } from "./run-dlq.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const client = connectTo(server.grpcAddress);
  const failing = (queue: string, reason: Reason) => sendRequest(queue, { failure: { reason } });
  await sendAll(client.dlq, [
    failing("orders-eu", Reason.TIMEOUT),
    failing("orders-us", Reason.POISON_MESSAGE),
    failing("slow", Reason.NETWORK_ERROR),
  ]);
  client.close();
}, 180_000);
afterAll(() => server?.stop());

const dlq = (line: string) => runDlq(line.split(" "), { target: server.grpcAddress });

/** Runs a command that must succeed, and returns its output. */
async function output(line: string): Promise<string> {
  const { code, stdout, stderr } = await dlq(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  return stdout;
}

describe("count", () => {
  it("counts by values, the largest first", async () => {
    const text = await output("count orders-* --by queue --by reason");
    expect(text.split("\n")[0]).toMatch(/^MESSAGES +QUEUE +REASON$/);
    expect(text).toMatch(/^ +1 +orders-us +POISON_MESSAGE$/m);
    expect(JSON.parse(await output("count -o json"))).toMatchObject({
      counts: [{ count: "3" }],
      done: true,
    });
    expect(jsonLines(await output("count --by message.queue -o jsonl"))).toHaveLength(3);
  });

  it("has short names, and adds up what is beyond a limit", async () => {
    const by = ["group", "state", "quarantine_reason", "type", "failure", "service"];
    for (const name of by)
      expect(await output(`count --by ${name}`)).toMatch(/^MESSAGES +[A-Z_]+\n/);
    expect(await output("count orders-us --by quarantine_reason")).toMatch(/1 +PRODUCER_REQUEST$/m);
    const { stdout, stderr } = await dlq("count --by queue --limit 1");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toContain("2 messages with other values");
  });

  it("refuses too many values", async () => {
    expect(await dlq("count -b a -b b -b c -b d -b e")).toMatchObject({ code: 2 });
  });
});
