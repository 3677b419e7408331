// Values that a queue hides, against a real server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectTo } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { jsonLines, runDlq } from "./run-dlq.ts";

let server: TestServer;
let ids: readonly string[];

beforeAll(async () => {
  server = await startTestServer();
  const client = connectTo(server.grpcAddress);
  await client.admin.updateQueue({
    queue: { name: "hidden", config: { redact: { entries: ["/customer"] } } },
  });
  const send = async (customer: string) => {
    const value = JSON.stringify({ customer });
    const payload = { body: { case: "text" as const, value } };
    return (await client.dlq.sendToDlq(sendRequest("hidden", { payload }))).id;
  };
  ids = [await send("bob@acme"), await send("eve@acme")];
  client.close();
}, 180_000);
afterAll(() => server?.stop());

const dlq = (...args: string[]) => runDlq(args, { target: server.grpcAddress });

it("are shown only if asked for", async () => {
  const [id = ""] = ids;
  const hidden = await dlq("show", id, "-q", "hidden", "--payload");
  expect(hidden.stdout).not.toContain("bob@acme");
  expect(hidden.stdout).toMatch(/^redacted +\/customer$/m);
  const shown = await dlq("show", id, "-q", "hidden", "--payload", "--show-redacted");
  expect(shown.stdout).toContain("bob@acme");
});

const NOTE =
  "2 messages have redacted content, which the filter did not see; --show-redacted includes it.\n";

describe("are not searched unnoticed", () => {
  it("by ls", async () => {
    const hidden = await dlq("ls", "--text", "bob", "--ids");
    expect(hidden).toMatchObject({ code: 0, stdout: "" });
    expect(hidden.stderr).toContain(NOTE);
    const shown = await dlq("ls", "--text", "bob", "--ids", "--show-redacted");
    expect(shown).toEqual({ code: 0, stdout: `${ids[0]}\n`, stderr: "" });
  });

  it("by count", async () => {
    expect(await dlq("count", "--text", "bob")).toEqual({
      ...{ code: 0, stdout: "" },
      stderr: `No message matches; 2 messages examined.\n${NOTE}`,
    });
    const shown = await dlq("count", "--text", "bob", "--show-redacted");
    expect(shown).toEqual({ code: 0, stdout: "MESSAGES\n       1\n", stderr: "" });
  });

  it("in JSON", async () => {
    const listed = await dlq("ls", "--text", "bob", "-o", "json");
    expect(JSON.parse(listed.stdout)).toMatchObject({ redactedCount: "2" });
    const counted = await dlq("count", "--text", "bob", "-o", "json");
    expect(JSON.parse(counted.stdout)).toMatchObject({ redactedCount: "2" });
  });
});

it("are not in lists, which say so", async () => {
  const hidden = await dlq("ls", "hidden", "-o", "jsonl", "--full");
  expect(hidden.stdout).not.toContain("acme");
  expect(hidden.stderr).toBe("2 messages have redacted content; --show-redacted includes it.\n");
  const shown = await dlq("ls", "hidden", "-o", "jsonl", "--full", "--show-redacted");
  expect(jsonLines(shown.stdout)).toHaveLength(2);
  expect(shown.stdout).toContain("bob@acme");
});
