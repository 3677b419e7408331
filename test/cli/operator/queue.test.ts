// `dlq queue` pauses, sets and deletes queues of a real server.

import { PassThrough } from "node:stream";
import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SETTING_FIELDS, settingChange } from "../../../clients/cli/src/queue/fields.ts";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { QUEUE_FIELDS } from "../../../src/rpc/convert/queue-fields.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, runDlq, serve } from "./run-dlq.ts";

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
  runDlq(["queue", ...args], { target: server.grpcAddress, ...run });

/** Runs it on a terminal at which somebody types an answer. */
function answered(text: string, args: readonly string[]) {
  const stdin = new PassThrough();
  stdin.write(text);
  return dlq(args, { columns: 80, stdin });
}

async function send(queue: string, count: number, isQuarantined = false) {
  const failure = { reason: Reason.POISON_MESSAGE, type: "ValidationError", message: "bad\u001b" };
  for (let sent = 0; sent < count; sent++)
    await client.dlq.sendToDlq(sendRequest(queue, isQuarantined ? { failure } : {}));
}

const queueOf = async (queue: string) => (await client.admin.getQueue({ queue })).queue;
const storedIn = async (queue: string) =>
  (await client.admin.listMessages({ queue })).messages.length;

describe("pause and resume", () => {
  it("stops delivery with a reason and an end, and says what was before", async () => {
    await send("paused", 1);
    const first = await dlq(["pause", "paused", "--reason", "bank is \u001b[1mdown"]);
    expect(first).toMatchObject({
      code: 0,
      stdout: "paused is paused, because: bank is \\x1b[1mdown.\n",
    });
    const again = await dlq(["pause", "paused", "--for", "2h"]);
    expect(again.stdout).toMatch(
      /^paused is paused until 20\S+Z; before: paused, because: bank is \\x1b\[1mdown\.\n$/,
    );
    const { until: end } = (await queueOf("paused"))?.effectiveConfig?.pause ?? {};
    const { storeTime } = await client.dlq.stats({ queues: ["paused"] });
    expect(Number((end?.seconds ?? 0n) - (storeTime?.seconds ?? 0n))).toBeGreaterThan(7_100);
    const resumed = await dlq(["resume", "paused"]);
    expect(resumed.stdout).toMatch(/^paused delivers again; it was paused until 20\S+Z\.\n$/);
    expect((await queueOf("paused"))?.effectiveConfig?.pause?.paused).not.toBe(true);
    expect((await dlq(["resume", "paused"])).stdout).toBe("paused was not paused.\n");
  });

  it("ends at a time, and prints the answer of the service as JSON", async () => {
    await send("timed", 1);
    const { stdout } = await dlq(["pause", "timed", "--until", "2999-01-31 18:00Z", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      queue: { config: { pause: { paused: true, until: "2999-01-31T18:00:00Z" } } },
    });
  });

  it.each([
    [["pause", "nowhere"], 3, "there is no queue nowhere"],
    [["resume", "nowhere"], 3, "there is no queue nowhere"],
    [["pause", "timed", "--until", "2001-01-31T18:00:00Z"], 2, "is not in the future"],
    [["pause", "timed", "--for", "soon"], 2, '"soon" is no duration or time'],
    [["pause", "timed", "--for", "1h", "--until", "2h"], 2, "give --for or --until"],
  ])("%j is refused", async (args, code, message) => {
    await send("timed", 1);
    expect(await dlq(args)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});

describe("set", () => {
  it("sets and clears fields, and shows them before and after", async () => {
    await send("set", 1);
    const set = await dlq([
      ...["set", "set", "--set", "max_retries=5", "--set", "rate.per_second=2.5"],
      ...["--set", "ttl=1d12h", "--set", "breaker.scope=queue"],
    ]);
    expect(set).toMatchObject({ code: 0, stderr: "" });
    const lines = set.stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^SETTING +BEFORE +NOW +FROM$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/))).toEqual([
      ["max_retries", expect.any(String), "5", "queue"],
      ["rate.per_second", expect.any(String), "2.5", "queue"],
      ["ttl", "1d", "1d12h", "queue"],
      ["breaker.scope", expect.any(String), "queue", "queue"],
    ]);
    const unset = await dlq(["set", "set", "--set", "max_retries=0", "--unset", "rate,ttl"]);
    expect(unset.stdout).toMatch(/^max_retries +5 +0 +queue$/m);
    expect(unset.stdout).toMatch(/^rate\.per_second +2\.5 +\S+ +next level$/m);
    expect(unset.stdout).toMatch(/^ttl +1d12h +1d +next level$/m);
    expect((await queueOf("set"))?.config).toMatchObject({ maxRetries: 0, breaker: { scope: 2 } });
    expect((await queueOf("set"))?.config?.rate).toBeUndefined();
  });

  it("does not overwrite what somebody else changes meanwhile", async () => {
    await send("raced", 1);
    let maxRetries = 6;
    const address = await serve((router) =>
      router.service(DlqAdminService, {
        getQueue: async (request) => {
          const answer = await client.admin.getQueue(request);
          await client.admin.updateQueue({
            queue: { name: "raced", config: { maxRetries: ++maxRetries } },
          });
          return answer;
        },
        updateQueue: (request) => client.admin.updateQueue(request),
      }),
    );
    await client.admin.updateQueue({ queue: { name: "raced", config: { maxRetries: 1 } } });
    const raced = await dlq(["set", "raced", "--set", "max_retries=5"], { target: address });
    expect(raced).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/changed after this etag was read.*\n {2}somebody else/),
    });
    expect((await queueOf("raced"))?.config?.maxRetries).toBe(maxRetries);
  });

  it("needs --create for a queue that does not exist", async () => {
    const args = ["set", "new", "--set", "max_retries=5"];
    expect(await dlq(args)).toMatchObject({ code: 3 });
    expect((await queueOf("new"))?.etag).toBe("");
    expect(await dlq([...args, "--create"])).toMatchObject({ code: 0 });
    expect((await queueOf("new"))?.config?.maxRetries).toBe(5);
  });

  it("asks before a shorter retention removes messages", async () => {
    await send("kept", 2, true);
    const set = ["set", "kept", "--set"];
    expect(await dlq([...set, "quarantine_retention=30d"])).toMatchObject({ code: 0, stderr: "" });
    await until("a quarantine of 1 s", async () => {
      const { queues } = await client.dlq.stats({ queues: ["kept"] });
      return Number(queues[0]?.oldestQuarantinedAge?.seconds ?? 0n) >= 1;
    });
    const shorter = [...set, "quarantine_retention=1s"];
    const refused = await dlq(shorter);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^(?: {2}[0-9a-f-]{36} {2}QUARANTINED {2}POISON_MESSAGE {2}ValidationError: bad\\x1b\n){1,2}dlq: \d quarantined messages? of kept are too old/,
    );
    expect(refused.stderr).toContain("nothing was changed\n  give --yes to change it");
    const no = await answered("n\n", [...set, "quarantine_retention=1s"]);
    expect(no.stderr).toContain("Change it? [y/N] Nothing was changed.\n");
    expect(await storedIn("kept")).toBe(2);
    const unset = await dlq(["set", "kept", "--unset", "quarantine_retention"]);
    expect(unset.stderr).toContain("2 quarantined messages of kept may be too old");
    expect(await dlq([...shorter, "--yes"])).toMatchObject({ code: 0 });
    await until("the end of the messages", async () => (await storedIn("kept")) === 0);
  });

  it.each([
    [[], "give --set or --unset"],
    [["--set", "max_attempts"], "write FIELD=VALUE"],
    [["--set", "maxRetries=5"], "did you mean max_retries?"],
    [["--set", "max_retries=many"], 'max_retries is "many"; write a number'],
    [["--set", "max_retries=5000"], "from 0 to 1000"],
    [["--set", "ttl=soon"], '"soon" is no duration'],
    [["--set", "pause.paused=yes"], "use true or false"],
    [["--set", "ordering.mode=fast"], '"fast" is none of off, key, hold'],
    [["--set", "retry_policy=webhook"], "retry_policy is not JSON"],
    [["--set", 'retry_policy={"a": 1}'], "a setting is wrong"],
    [["--set", "rate.burst=1", "--unset", "rate"], "rate is named twice"],
    [["--unset", "rates"], "did you mean rate?"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await dlq(["set", "any", "--create", ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it("has every setting, and reads a value of each", () => {
    const missing = QUEUE_FIELDS.filter(
      ({ path }) => !SETTING_FIELDS.has(path.split(".").slice(0, 2).join(".")),
    );
    expect(missing).toEqual([]);
    for (const { path, field } of SETTING_FIELDS.values())
      expect(settingChange([`${path}=${sampleOf(field)}`], []).paths).toEqual([path]);
  });
});

/** Returns a text that `--set` reads for a field. */
function sampleOf(field: DescField): string {
  if (field.enum !== undefined) return field.enum.values[1]?.name ?? "";
  if (field.fieldKind === "list") return field.listKind === "message" ? "[]" : "a,b";
  if (field.scalar !== undefined && field.fieldKind === "scalar")
    return field.scalar === ScalarType.BOOL ? "true" : "1";
  if (field.message?.typeName === "google.protobuf.Duration") return "1m";
  if (field.message?.typeName === "google.protobuf.Timestamp") return "2999-01-31T18:00:00Z";
  return "{}";
}

describe("delete", () => {
  it("shows the messages by state with a sample, and asks on a terminal", async () => {
    await send("doomed", 3, true);
    await send("doomed", 1);
    const no = await answered("\n", ["delete", "doomed"]);
    const lines = no.stderr.split("\n");
    expect(lines[0]).toBe("doomed holds 4 messages: 3 quarantined, 1 scheduled.");
    expect(lines.slice(1, 4).join("\n")).toMatch(/^( {2}[0-9a-f-]{36} {2}QUARANTINED .*\n?){3}$/);
    expect(lines.slice(4)).toEqual([
      "  and 1 more",
      "Delete the queue with its messages and settings? [y/N] Nothing was deleted.",
      "",
    ]);
    expect(no).toMatchObject({ code: 0, stdout: "" });
    expect(await storedIn("doomed")).toBe(4);
    const yes = await answered("y\n", ["delete", "doomed"]);
    expect(yes).toMatchObject({ code: 0, stdout: "Deleted doomed with 4 messages.\n" });
    expect((await queueOf("doomed"))?.exists).toBe(false);
  });

  it("needs --yes where nobody can be asked, and shows the same", async () => {
    await send("scripted", 2, true);
    const refused = await dlq(["delete", "scripted"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^( {2}\S+ {2}QUARANTINED.*\n){2}dlq: scripted holds 2 messages: 2 quarantined; nothing was deleted\n {2}give --yes to delete the queue\n$/,
    );
    const wrong = await dlq(["delete", "scripted", "--expect", "3", "--yes"]);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--expect is 3, but scripted holds 2 messages"),
    });
    expect(await storedIn("scripted")).toBe(2);
    const done = await dlq(["delete", "scripted", "--expect", "2", "--yes", "-o", "json"]);
    expect(JSON.parse(done.stdout)).toEqual({ deletedCount: "2" });
    expect(done.stderr).toMatch(/^scripted holds 2 messages: 2 quarantined\.\n {2}\S/);
  });

  it("deletes nothing if a message comes meanwhile", async () => {
    await send("growing", 1, true);
    const stdin = new PassThrough();
    const { code, stderr } = await dlq(["delete", "growing"], {
      ...{ columns: 80, stdin },
      onWrite: (text) => {
        if (text.includes("[y/N]")) void send("growing", 1, true).then(() => stdin.write("y\n"));
      },
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("growing holds 2 messages"),
    });
    expect(await storedIn("growing")).toBe(2);
  });

  it("does not ask while workers hold messages", async () => {
    await client.dlq.sendToDlq({
      ...sendRequest("held"),
      retryPolicy: { initialDelay: { seconds: 0n } },
    });
    const worker = await Worker.open(client.dlq, { queues: ["held"] });
    await worker.next();
    const { code, stderr } = await answered("y\n", ["delete", "held"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/1 in flight; nothing was deleted.*\n {2}dlq queue pause held/),
    });
    await worker.close();
  });

  it("says before that messages that could come back are erased too", async () => {
    await send("emptied", 3, true);
    await runDlq(["discard", "emptied", "--yes"], { target: server.grpcAddress });
    const what = "emptied holds no messages, and keeps 3 deleted ones, which are erased too";
    const refused = await dlq(["delete", "emptied"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`dlq: ${what}; nothing was deleted\n`);
    const no = await answered("n\n", ["delete", "emptied"]);
    expect(no.stderr).toContain(`${what}.\nDelete the queue with its messages and settings? [y/N]`);
    await client.dlq.sendToDlq(sendRequest("emptied"));
    const both = await dlq(["delete", "emptied", "--yes"]);
    expect(both.stderr).toContain("holds 1 message: 1 scheduled, and keeps 3 deleted ones");
  });

  it("removes the settings of a queue without messages, and finds no other", async () => {
    await dlq(["set", "empty", "--create", "--set", "max_retries=5"]);
    const done = await answered("yes\n", ["delete", "empty"]);
    expect(done.stderr).toContain("empty holds no messages.\nDelete the queue");
    expect(done.stdout).toBe("Deleted empty with 0 messages.\n");
    expect((await queueOf("empty"))?.etag).toBe("");
    expect(await dlq(["delete", "empty", "--yes"])).toMatchObject({ code: 3 });
  });
});
