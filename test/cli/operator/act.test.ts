// The commands that change messages and those that try settings, against a real server.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BreakerScope } from "../../../gen/dlq/v1/queue_pb.ts";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { failed, type SendRequest, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, jsonLines, runDlq } from "./run-dlq.ts";

const LATER = { seconds: 3_600n };

let server: TestServer;
let client: TestClient;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  folder = await mkdtemp(join(tmpdir(), "dlq-cli-"));
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
  await rm(folder, { recursive: true });
});

const dlq = (args: readonly string[], run: DlqRun = {}) =>
  runDlq(args, { target: server.grpcAddress, ...run });

async function stored(queue: string) {
  const { messages } = await client.admin.listMessages({ queue, view: 2 });
  return messages;
}

describe("send", () => {
  it("sends a payload with its failure", async () => {
    const { code, stdout } = await dlq(
      [
        "send",
        "sent",
        '{"a":1}',
        "--type",
        "ReadTimeout",
        "-m",
        "no answer",
        "--delay",
        "1h",
      ].concat(
        [
          "-a",
          "host=x=y",
          "--content-type",
          "application/json",
          "--priority",
          "-5",
          "--source-id",
          "o-1",
        ],
        ["--max-retries", "2", "--ttl", "2h", "--fingerprint", "bank-down"],
      ),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f-]{36}\nstate +SCHEDULED\nreason +TIMEOUT\ndue +20\S+Z\n$/);
    expect(await stored("sent")).toMatchObject([
      {
        maxRetries: 2,
        message: {
          payload: { body: { value: '{"a":1}' }, contentType: "application/json" },
          attributes: { host: "x=y" },
          priority: -5,
          sourceId: "o-1",
          failure: { type: "ReadTimeout", message: "no answer" },
        },
      },
    ]);
    expect((await client.admin.listGroups({ queue: "sent" })).groups).toMatchObject([
      { fingerprint: "bank-down" },
    ]);
  });

  it("reads stdin or a file, and answers as JSON", async () => {
    const file = join(folder, "payload");
    await writeFile(file, Buffer.from([0xff, 0x00]));
    const fromFile = await dlq(["send", "files", "--file", file, "-o", "json"]);
    expect(JSON.parse(fromFile.stdout)).toMatchObject({ state: "MESSAGE_STATE_SCHEDULED" });
    await dlq(["send", "files"], { stdin: "from stdin" });
    const bodies = (await stored("files")).map(({ message }) => message?.payload?.body);
    expect(bodies).toMatchObject([
      { case: "data", value: new Uint8Array([0xff, 0x00]) },
      { case: "text", value: "from stdin" },
    ]);
  });

  it("is stored once under one request id", async () => {
    const args = ["send", "once", "x", "--request-id", "r-1", "-o", "json"];
    const [first, second] = [await dlq(args), await dlq(args)];
    expect(second.stdout).toBe(first.stdout);
    expect(await stored("once")).toHaveLength(1);
  });

  it.each([
    [["send", "q", "x", "--attribute", "nothing"], '--attribute is "nothing"; write NAME=VALUE'],
    [["send", "q", "x", "--delay", "soon"], '"soon" is no duration'],
    [["send", "q", "x", "--reason", "bad-luck"], '"bad-luck" is none of validation_failed'],
    [["send", "q", "x", "--file", "f"], "the payload is given twice"],
    [["send", "bad name", "x"], "queue"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await dlq(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe("show", () => {
  it("has the end of a message's time in its state", async () => {
    const poison = { failure: { reason: Reason.POISON_MESSAGE }, ttl: { seconds: 7_200n } };
    const waiting: SendRequest = {
      ...poison,
      failure: {},
      firstRetry: { case: "delay", value: LATER },
    };
    await client.admin.updateQueue({
      queue: { name: "kept-a-while", config: { quarantineRetention: { seconds: 86_400n } } },
    });
    const show = async (queue: string, more: SendRequest) => {
      const { id } = await client.dlq.sendToDlq(sendRequest(queue, more));
      return (await dlq(["show", id])).stdout;
    };
    expect(await show("kept", waiting)).toMatch(/^expires +20/m);
    const kept = await show("kept", poison);
    expect(kept).not.toMatch(/^(?:expires|kept until)/m);
    const removed = await show("kept-a-while", poison);
    expect(removed).toMatch(/^kept until +20/m);
    expect(removed).not.toMatch(/^expires/m);
  });

  it("has edits, payloads of bytes, and what another system recorded", async () => {
    const { id } = await client.dlq.sendToDlq(
      sendRequest("edited", {
        payload: { body: { case: "text", value: '{"a":1,"big":12345678901234567890}' } },
        importedHistory: { attempts: 2, failures: [{ failure: { message: "long ago" } }] },
        failure: { reason: Reason.POISON_MESSAGE },
      }),
    );
    const patch = { case: "mergePatch" as const, value: '{"a":2}' };
    const transforms = [{ target: TransformTarget.PAYLOAD, patch }];
    await client.dlq.retry({ queue: "edited", ids: [id], transforms });
    const { stdout: text } = await dlq(["show", id, "--payload"]);
    expect(text).toMatch(/EDITS\n\S+ +by Retry: payload\n {2}\[.*"value":2/);
    expect(text).toMatch(/at an unknown time +imported failure\n {2}\S+ long ago/);
    expect(text).toContain('"big":12345678901234567890');
    const data = new Uint8Array(600).fill(0xab);
    const bytes = await client.dlq.sendToDlq(
      sendRequest("bytes", { payload: { body: { case: "data", value: data } } }),
    );
    expect((await dlq(["show", bytes.id, "--payload"])).stdout).toMatch(
      /^PAYLOAD\n(?: {2}(?:ab){32}\n){16} {2}… 600 B in all; -o json has all of it$/m,
    );
  });
});

describe("breakers", () => {
  it("are listed while they are not closed, and closed by hand", async () => {
    const queue = "broken";
    const breaker = {
      scope: BreakerScope.QUEUE,
      consecutiveFailures: 1,
      openTime: { seconds: 200n },
    };
    await client.admin.updateQueue({ queue: { name: queue, config: { breaker } } });
    await client.dlq.sendToDlq(sendRequest(queue));
    const worker = await Worker.open(client.dlq, { queues: [queue] });
    await worker.settle(
      await worker.next(),
      failed({ failure: { reason: Reason.NETWORK_ERROR, message: "refused" } }),
    );
    await worker.close();
    expect((await dlq(["breakers", "list"])).stdout).toMatch(/^broken +- +OPEN +20\S+ +20\S+ +1$/m);
    const [line] = jsonLines((await dlq(["breakers", "list", queue, "-o", "jsonl"])).stdout);
    expect(line).toMatchObject({ queue, state: "BREAKER_STATE_OPEN" });
    const { code, stdout } = await dlq(["doctor"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/PROBLEM +a circuit breaker is open: broken\n +-> repair what/);
    expect((await dlq(["breakers", "reset", queue])).stdout).toBe("Closed.\n");
    const again = await dlq(["breakers", "reset", queue, "-o", "json"]);
    expect(JSON.parse(again.stdout)).toEqual({ wasOpen: false });
    expect((await dlq(["breakers"])).stderr).toBe("All breakers are closed.\n");
    expect((await dlq(["breaker", "reset", queue])).stdout).toBe("It was closed already.\n");
  });
});

describe("rules test", () => {
  const sample = {
    event: "RULE_EVENT_ARRIVAL",
    message: { queue: "orders", payload: { text: "{}" } },
  };
  const ruleSet = (when: string) => ({
    rules: [{ name: "to-audit", event: "RULE_EVENT_ARRIVAL", when, action: { queue: "audit" } }],
  });
  const inFile = async (content: unknown) => {
    const file = join(folder, "rules.json");
    await writeFile(file, JSON.stringify(content));
    return file;
  };

  it("shows what rules would do", async () => {
    const file = await inFile({ ruleSet: ruleSet('message.queue == "orders"'), samples: [sample] });
    const { code, stdout } = await dlq(["rules", "test", file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +1 +to-audit +to queue audit$/m);
    const json = await dlq(["rules", "test", "-", "-o", "json"], {
      stdin: JSON.stringify({ ruleSet: ruleSet("true"), samples: [sample] }),
    });
    expect(JSON.parse(json.stdout)).toMatchObject({ results: [{ matched: ["to-audit"] }] });
  });

  it("names what is wrong with a file or a rule", async () => {
    const wrong = await dlq(["rules", "test", await inFile({ ruleset: 1 })]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('"ruleset"') });
    const refused = await dlq([
      ...["rules", "test"],
      await inFile({ ruleSet: ruleSet("message.nothing"), samples: [sample] }),
    ]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("nothing") });
    expect(await dlq(["rules", "test", join(folder, "missing")])).toMatchObject({ code: 2 });
  });
});

describe("policy simulate", () => {
  const start = ["--start", "2026-03-27T22:30:00Z"];

  it("shows the schedule of a policy", async () => {
    const policy = '{"schedule": ["60s", "600s"], "jitter": "JITTER_NONE"}';
    const args = ["policy", "simulate", "tried", "--policy", policy, ...start];
    expect((await dlq(args)).stdout).toMatch(
      /^ +1 +1m +1m to 1m +2026-03-27T22:31:00.000Z\n +2 +10m +10m to 10m +2026-03-27T22:41:00.000Z\n/m,
    );
    const preset = ["--preset", "webhook", "--max-retries", "1", "--skip-stored", "-o", "json"];
    const { stdout } = await dlq(["policy", "simulate", "tried", ...preset]);
    expect(JSON.parse(stdout)).toMatchObject({ retryPolicy: { maxRetries: 1 } });
  });

  it.each([
    [["--start", "soon"], '"soon" is no time'],
    [["--policy", "{"], "--policy is no RetryPolicy in JSON"],
    [["--preset", "nice"], "preset"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await dlq(["policy", "simulate", "tried", ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe("doctor", () => {
  it("checks server, clock, counts and queues", async () => {
    await client.dlq.sendToDlq(sendRequest("alone"));
    const { stdout } = await dlq(["doctor"]);
    expect(stdout).toMatch(new RegExp(`^ok +${server.grpcAddress} answers in`));
    expect(stdout).toMatch(/^ok +the clocks of the store and of this machine agree$/m);
    expect(stdout).toMatch(/^ok +the counts of \d+ queues with [\d,]+ messages add up$/m);
    expect(stdout).toMatch(
      /^warning +messages wait and no worker has a stream open: .*\n +-> start/m,
    );
    const { findings } = JSON.parse((await dlq(["doctor", "-o", "json"])).stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "NO_WORKERS", level: "warning" }),
    );
  });
});
