// Commands that act on many messages by batch jobs of a real server, and `dlq jobs`.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatchJobState } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, homeFolder, jsonLines, runDlq, serve } from "./run-dlq.ts";

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

/** Runs it on a terminal at which somebody types an answer. */
function answered(text: string, args: readonly string[]) {
  const stdin = new PassThrough();
  stdin.write(text);
  return dlq(args, { columns: 100, stdin });
}

/** Sends quarantined messages with the JSON `{"n": 1}`, `{"n": 2}` and so on. */
async function send(queue: string, count: number) {
  const failure = { reason: Reason.POISON_MESSAGE, type: "ValidationError", message: "bad\u001b" };
  for (let n = 1; n <= count; n++) {
    const payload = { body: { case: "text" as const, value: `{"n":${n}}` } };
    await client.dlq.sendToDlq(sendRequest(queue, { failure, payload }));
  }
}

/** What follows the line that shows progress. */
const afterProgress = (text: string) => stripVTControlCharacters(text.split("\r").at(-1) ?? "");

const storedIn = async (queue: string) => {
  const { messages } = await client.admin.listMessages({ queue });
  return messages.length;
};
const payloads = async (queue: string) => {
  const { messages } = await client.admin.listMessages({ queue, view: 2 });
  return messages.map(({ message }) => message?.payload?.body?.value).toSorted();
};
const idsIn = async (queue: string) => {
  const { messages } = await client.admin.listMessages({ queue });
  return messages.map(({ message }) => message?.id ?? "");
};
/** Of no message. */
const ID = "01a21eee-752a-7000-8000-000c64f1d2b3";
const latestJob = async () => (await client.admin.listBatchJobs({ pageSize: 1 })).jobs[0];

/** Sends a message, and takes it from a worker before its outcome. */
async function sendTakenBack(queue: string) {
  const retryPolicy = { initialDelay: { seconds: 0n } };
  const { id } = await client.dlq.sendToDlq({ ...sendRequest(queue), retryPolicy });
  const worker = await Worker.open(client.dlq, { queues: [queue] });
  await worker.next();
  await dlq(["take-back", id, "--queue", queue, "--quiet"]);
  await worker.close();
}

describe("acting on many messages", () => {
  it("shows a count and samples, asks, and acts only after a yes", async () => {
    await send("asked", 6);
    const move = ["move", "asked", "--to", "asked-later", "--create"];
    const no = await answered("n\n", move);
    const shown = afterProgress(no.stderr).split("\n");
    expect(shown[0]).toBe("6 messages in asked.");
    expect(shown.slice(1, 6).join("\n")).toMatch(
      /^( {2}[0-9a-f-]{36} {2}asked {2}ValidationError: bad\\x1b\n?){5}$/,
    );
    expect(shown.slice(6)).toEqual(["  and 1 more", "Move them? [y/N] Nothing was moved.", ""]);
    expect(no).toMatchObject({ code: 0, stdout: "" });
    expect(await storedIn("asked")).toBe(6);
    const yes = await answered("y\n", move);
    expect(yes).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^j-\d+ DONE: 6 of 6 messages moved\.\n$/),
    });
    expect([await storedIn("asked"), await storedIn("asked-later")]).toEqual([0, 6]);
  });

  it("needs --yes where nobody can be asked, and gives the job its reason", async () => {
    await send("scripted", 2);
    const discard = ["discard", "scripted", "--why", "bug 42"];
    const refused = await dlq(discard);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^( {2}\S{36} {2}scripted .*\n){2}dlq: 2 messages in scripted; nothing was discarded\n {2}give --yes to discard them\n$/,
    );
    const wrong = await dlq([...discard, "--expect", "3", "--yes"]);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--expect is 3, but there are 2 messages in scripted"),
    });
    expect(await storedIn("scripted")).toBe(2);
    const done = await dlq([...discard, "--expect", "2", "--yes", "-o", "json"]);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({
      job: {
        state: "BATCH_JOB_STATE_DONE",
        spec: { reason: "bug 42", discard: {}, expectedCount: { min: "2", max: "2" } },
        counts: { doneCount: "2" },
      },
    });
    expect(await storedIn("scripted")).toBe(0);
    const [header = "", row] = (await dlq(["deleted", "scripted"])).stdout.split("\n");
    expect(header).toMatch(/ BY +NOTE$/);
    expect(row).toMatch(/ (j-\d+) +\1: bug 42$/);
  });

  it("purge --now cannot be undone, and says so before it asks", async () => {
    await send("gone", 2);
    const now = ["purge", "gone", "--now"];
    const no = await answered("n\n", now);
    expect(no.stderr).toContain("Purge them, which cannot be undone? [y/N] Nothing was purged.");
    const scripted = await dlq(now);
    expect(scripted).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("give --yes to purge them, which cannot be undone"),
    });
    const done = await dlq([...now, "--yes"]);
    expect(done.stdout).toMatch(/DONE: 2 of 2 messages purged\.\n$/);
    expect((await dlq(["deleted", "gone"])).stderr).toBe("No deleted message is kept.\n");
    expect((await dlq(["jobs", "--limit", "1"])).stdout).toMatch(/^j-\d+ +purge now +gone /m);
  });

  it("prints one line for each change where no terminal is", async () => {
    await send("lines", 3);
    const { code, stdout } = await dlq(["purge", "lines", "--yes", "--rate", "4/s"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^(j-\d+ (?:COUNTING|RUNNING): .*\n)+j-\d+ DONE: 3 of 3 messages purged\.\n$/,
    );
    expect(new Set(stdout.split("\n")).size).toBe(stdout.split("\n").length);
  });

  it("--dry-run changes nothing, and shows what cannot be selected and why", async () => {
    await send("tried", 2);
    await client.dlq.sendToDlq(sendRequest("tried"));
    const dry = await dlq(["quarantine", "tried", "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toMatch(
      /^1 message in tried\.\n {2}\S{36} {2}tried\n2 cannot be selected: it is in quarantine already \(such as \S{36} in tried\)\n$/,
    );
    expect((await latestJob())?.spec?.dryRun).toBe(true);
    const other = 'message.attributes.region == "eu"';
    const none = await dlq(["quarantine", "tried", "--filter", other]);
    expect(none).toMatchObject({
      code: 0,
      stdout: "0 messages in tried; nothing was quarantined.\n",
    });
  });

  it("acts on nothing if the number changes while it asks", async () => {
    await send("growing", 1);
    const stdin = new PassThrough();
    const { code, stdout } = await dlq(["purge", "growing"], {
      ...{ columns: 200, stdin },
      onWrite: (text) => {
        if (text.includes("[y/N]")) void send("growing", 1).then(() => stdin.write("y\n"));
      },
    });
    expect(stdout).toMatch(/FAILED: expected 1 messages? and found 2; nothing was changed/);
    expect(code).toBe(1);
    expect(await storedIn("growing")).toBe(2);
  });

  it("retry --job acts in all queues of a pattern, and counts what may run twice", async () => {
    await send("hooks-a", 2);
    await sendTakenBack("hooks-b");
    const state = ["--state", "scheduled,quarantined"];
    const dry = await dlq(["retry", "hooks-*", "--job", "--dry-run", ...state]);
    expect(dry.stdout.split("\n")[0]).toBe("3 messages in hooks-*; 1 may run twice.");
    const { stdout } = await dlq(["retry", "hooks-*", "--job", "--yes"]);
    expect(stdout).toMatch(/DONE: 2 of 2 messages made due now\.\n$/);
    const { queues } = await client.dlq.stats({ queues: ["hooks-a"] });
    expect(queues[0]).toMatchObject({ scheduled: 2n, quarantined: 0n });
  });

  it("retry --job edits in the same step, with the patches of `edit`", async () => {
    await send("retried", 2);
    const retry = ["retry", "retried", "--job", "--merge", "--patch", '{"n": 7}'];
    const dry = await dlq([...retry, "--dry-run"]);
    expect(dry.stdout).toMatch(/^ {4}before {2}\{"n":1\}\n {4}after {3}\{"n":7\}$/m);
    const { stdout } = await dlq([...retry, "--yes"]);
    expect(stdout).toMatch(/DONE: 2 of 2 messages made due now\.\n$/);
    expect(await payloads("retried")).toEqual(['{"n":7}', '{"n":7}']);
    const { queues } = await client.dlq.stats({ queues: ["retried"] });
    expect(queues[0]).toMatchObject({ scheduled: 2n, quarantined: 0n });
  });

  it("acts on ids, given or from stdin, and names those that the queue has not", async () => {
    await send("by-id", 4);
    const [first = "", second = "", third = "", fourth = ""] = await idsIn("by-id");
    const moved = await dlq(["move", "by-id", first, "--to", "by-id-later", "--create", "--yes"]);
    expect(moved.stdout).toMatch(/DONE: 1 of 1 message moved\.\n$/);
    expect(await idsIn("by-id-later")).toEqual([first]);
    const stdin = `${second.toUpperCase()}\n${second} ${first}\n`;
    const purged = await dlq(["purge", "by-id", "-", "--yes"], { stdin });
    expect(purged.stdout).toMatch(/DONE: 1 of 1 message purged\.\n$/);
    expect(purged.stderr).toContain("1 of the 2 ids matches no message in by-id\n");
    const edited = await dlq([
      ...["edit", "by-id", third, "--merge", "--patch", '{"n": 9}', "--yes"],
    ]);
    expect(edited.stdout).toMatch(/DONE: 1 of 1 message edited\.\n$/);
    const retried = await dlq(["retry", "by-id", third, "--job", "--yes"]);
    expect(retried.stdout).toMatch(/DONE: 1 of 1 message made due now\.\n$/);
    const held = await dlq(["quarantine", "by-id", third, "--yes"]);
    expect(held.stdout).toMatch(/DONE: 1 of 1 message quarantined\.\n$/);
    await dlq(["discard", "by-id", third, "--yes"]);
    expect(await idsIn("by-id")).toEqual([fourth]);
  });

  it("ids of which none can be selected end with the exit code of a missing message", async () => {
    await send("none", 1);
    const { code, stdout } = await dlq(["discard", "none", ID, "--yes"]);
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringContaining("0 messages in none; nothing was discarded."),
    });
    const [id = ""] = await idsIn("none");
    const held = await dlq(["quarantine", "none", id]);
    expect(held).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("1 cannot be selected: it is in quarantine already"),
    });
  });

  it("does nothing for too many ids, or none from stdin", async () => {
    await send("safe", 1);
    const many = Array.from(
      { length: 1_001 },
      (_, n) => `01a21eee-752a-7000-8000-${String(n).padStart(12, "0")}`,
    );
    expect(await dlq(["purge", "safe", "-", "--yes"], { stdin: many.join(" ") })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("1,001 ids are given; a job takes at most 1,000"),
    });
    expect(await dlq(["purge", "safe", "-", "--yes"], { stdin: " \n" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("stdin has no ids"),
    });
    expect(await storedIn("safe")).toBe(1);
  });

  it.each([
    [["purge", "nowhere"], 3, "there is no queue nowhere"],
    [["move", "tried", "--to", "nowhere"], 3, "there is no queue nowhere"],
    [["move", "tried", "--to", "nowhere"], 3, "give --create to move them to a new queue"],
    [["move", "tried"], 2, "--to"],
    [["purge", "tried", "--rate", "fast"], 2, '"fast" is no rate'],
    [["purge", "tried", "--rate", "0"], 2, '"0" is no rate'],
    [["purge", "tried", "--filter", "attempts >"], 2, "filter"],
    [["edit", "tried"], 2, "--patch is missing"],
    [["edit", "tried", "--patch", '{"a": 1}'], 2, "add --merge"],
    [["edit", "tried", "--patch", "[{"], 2, "--patch is no JSON"],
    [["edit", "tried", "--patch", "/nowhere.json"], 2, "cannot read the file"],
    [["retry", "--job"], 2, "name a queue or a --group"],
    [["retry", ID, "--job"], 2, "give the queue before the ids, or leave out --job"],
    [["retry", "-", "--job"], 2, "give the queue before the ids, or leave out --job"],
    [["retry", ID, "--job", "--queue", "tried"], 2, "give the queue before the ids"],
    [["retry", "tried", "--rate", "5"], 2, "--rate is for --job"],
    [["retry", "tried", "--patch", "{}"], 2, "--patch is for --job"],
    [["retry", ID, "--merge"], 2, "--merge is for --job"],
    [["retry", "tried", "--job", "--merge"], 2, "--patch is missing"],
    [["purge", "tried", "other"], 2, '"other" is no id of a message'],
    [["purge", "tried", ID, "-"], 2, '"-" is no id of a message'],
    [["edit", "tried", "-", "--patch", "-"], 2, "stdin has either the ids or a patch"],
  ])("%j is refused", async (args, code, message) => {
    await send("tried", 1);
    expect(await dlq(args)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});

describe("edit", () => {
  it("shows messages before and after, and refuses those to which a patch does not apply", async () => {
    await send("edited", 2);
    const patch = '[{"op": "test", "path": "/n", "value": 1}, {"op": "remove", "path": "/n"}]';
    const dry = await dlq(["edit", "edited", "--patch", patch, "--dry-run"]);
    expect(dry.stdout).toMatch(/^ {4}before {2}\{"n":1\}\n {4}after {3}\{\}$/m);
    const done = await dlq(["edit", "edited", "--patch", patch, "--yes"]);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(
      /DONE: 1 of 2 messages edited\.\n {2}1 refused: .*TEST_FAILED.* \(such as \S{36} in edited\)\n$/,
    );
    expect(await payloads("edited")).toEqual(['{"n":2}', "{}"]);
    const [latest, before] = (await client.admin.listBatchJobs({ pageSize: 2 })).jobs;
    const shown = await dlq(["jobs", "show", latest?.id ?? ""]);
    expect(shown.stdout).toMatch(/^NOT DONE\n {2}1 refused: .*TEST_FAILED/m);
    const preview = await dlq(["jobs", "show", before?.id ?? ""]);
    expect(preview.stdout).toMatch(/^SAMPLES\n(?:.*\n)* {4}before {2}\{"n":1\}$/m);
    expect(preview.stdout).toMatch(/^ {4}refused {2}.*TEST_FAILED/m);
  });

  it("takes merge patches, of a file, in the order of the options, and attributes", async () => {
    await send("merged", 1);
    const file = join(homeFolder(), "fix.json");
    writeFileSync(file, '{"n": null, "a": 1}');
    const merge = ["edit", "merged", "--merge", "--yes"];
    expect(await dlq([...merge, "--patch", file, "--patch", '{"a": 2}'])).toMatchObject({
      code: 0,
    });
    expect(await payloads("merged")).toEqual(['{"a":2}']);
    await dlq([...merge, "--attributes", "--patch", '{"tenant": "acme"}']);
    const { messages } = await client.admin.listMessages({ queue: "merged", view: 2 });
    expect(messages[0]?.message?.attributes).toMatchObject({ tenant: "acme" });
  });
});

describe("jobs", () => {
  it("are watched, paused, resumed and cancelled; Ctrl-C leaves them running", async () => {
    await send("slow", 5);
    const begun = await dlq([
      "purge",
      "slow",
      "--yes",
      "--detach",
      "--rate",
      "0.01",
      "--why",
      "no",
    ]);
    const [, id = ""] =
      /^(j-\d+) has begun: `dlq jobs watch j-\d+` shows it\.\n$/.exec(begun.stdout) ?? [];
    const watched = await dlq(["jobs", "watch", id], {
      onWrite: (text, interrupt) => {
        if (text.includes("RUNNING: 1 of 5")) interrupt();
      },
    });
    expect(watched).toMatchObject({
      code: 130,
      stderr: `${id} continues: \`dlq jobs watch ${id}\` shows it again, \`dlq jobs cancel ${id}\` ends it.\n`,
    });
    const paused = await dlq(["jobs", "pause", id]);
    expect(paused).toMatchObject({ code: 0, stdout: `${id} is PAUSED; 1 done so far.\n` });
    const rows = (await dlq(["jobs"])).stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(["ID", "ACTION", "QUEUE", "STATE", "DONE", "WHO", "AGE", "REASON"]);
    expect(rows.find(([name]) => name === id)?.slice(1, 6)).toEqual([
      ...["purge", "slow", "PAUSED", "1 of 5", "-"],
    ]);
    expect((await dlq(["jobs", "resume", id])).stdout).toContain(`${id} is RUNNING`);
    const [ended, cancelled] = await Promise.all([
      dlq(["jobs", "watch", id]),
      dlq(["jobs", "cancel", id]),
    ]);
    expect(cancelled.stdout).toMatch(/ is CANCELLED; \d done so far\.\n$/);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^j-\d+ CANCELLED: \d of 5 messages purged\.$/m);
    const again = await dlq(["jobs", "pause", id]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("CANCELLED") });
  });

  it("show all of a job, as text and as JSON", async () => {
    await send("shown", 2);
    await dlq(["purge", "shown", "--yes", "--filter", "attempts < 99", "--why", "as\u001b agreed"]);
    const id = (await latestJob())?.id ?? "";
    const { stdout } = await dlq(["jobs", "show", id]);
    for (const line of [
      ...[/^j-\d+ {2}purge$/m, /^state +DONE$/m, /^reason +as\\x1b agreed$/m, /^queue +shown$/m],
      ...[
        /^filter +attempts < 99$/m,
        /^expected +2$/m,
        /^ {2}selected +2$/m,
        /^ {2}done +2 of 2$/m,
      ],
    ])
      expect(stdout).toMatch(line);
    const json = JSON.parse((await dlq(["jobs", "show", id, "-o", "json"])).stdout);
    expect(json).toMatchObject({ job: { id, spec: { queue: "shown" } } });
    const listed = jsonLines((await dlq(["jobs", "-o", "jsonl", "--limit", "2"])).stdout);
    expect(listed).toMatchObject([{ id }, { spec: { dryRun: true } }]);
    const changes = jsonLines((await dlq(["jobs", "watch", id, "-o", "jsonl"])).stdout);
    expect(changes).toMatchObject([{ job: { id, state: "BATCH_JOB_STATE_DONE" } }]);
  });

  it.each(["show", "watch", "pause", "resume", "cancel"])("%s finds no other", async (name) => {
    const { code, stderr } = await dlq(["jobs", name, "j-999999"]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("j-999999") });
    expect(await dlq(["jobs", name, "orders"])).toMatchObject({ code: 2 });
  });

  it("are watched again after the stream breaks", async () => {
    let calls = 0;
    const target = await serve((router) =>
      router.service(DlqAdminService, {
        async *watchBatchJob({ id }) {
          const state = ++calls === 1 ? BatchJobState.RUNNING : BatchJobState.DONE;
          const done = { selectedCount: 4n, doneCount: BigInt(calls * 2) };
          yield {
            job: {
              id,
              state,
              spec: { action: { case: "move" as const, value: {} } },
              counts: done,
              ...(state === BatchJobState.DONE && { endTime: { seconds: 1n } }),
            },
          };
        },
      }),
    );
    expect(await dlq(["jobs", "watch", "j-7"], { target })).toEqual({
      code: 0,
      stdout: "j-7 RUNNING: 2 of 4\nj-7 DONE: 4 of 4 messages moved.\n",
      stderr: "Stream ended; reconnecting.\nReconnected; continuing.\n",
    });
  });

  it.each([
    [0n, 1],
    [1n, 0],
  ])(
    "that were refused some messages and have done %d end with exit code %d",
    async (doneCount, code) => {
      const refused = [{ count: 3n, why: "the queue is full", id: ID, queue: "full" }];
      const target = await serve((router) =>
        router.service(DlqAdminService, {
          async *watchBatchJob({ id }) {
            const counts = { selectedCount: 3n + doneCount, doneCount, refused };
            yield { job: { id, state: BatchJobState.DONE, endTime: { seconds: 1n }, counts } };
          },
        }),
      );
      expect(await dlq(["jobs", "watch", "j-7"], { target })).toMatchObject({ code });
    },
  );

  it("show the rate and the time left on a terminal", async () => {
    const target = await serve((router) =>
      router.service(DlqAdminService, {
        async *watchBatchJob({ id }) {
          const stand = (state: BatchJobState, doneCount: bigint, seconds: bigint) => ({
            job: {
              id,
              state,
              counts: { selectedCount: 1_000n, doneCount },
              updateTime: { seconds },
              ...(state === BatchJobState.DONE && { endTime: { seconds } }),
            },
          });
          yield stand(BatchJobState.RUNNING, 100n, 10n);
          await new Promise((resolve) => setTimeout(resolve, 150)); // the line is shown ten times a second
          yield stand(BatchJobState.RUNNING, 300n, 12n);
          yield stand(BatchJobState.DONE, 1_000n, 19n);
        },
      }),
    );
    const { stderr } = await dlq(["jobs", "watch", "j-7"], { target, columns: 100 });
    expect(stderr).toContain("j-7 RUNNING: 300 of 1,000, 100/s, 7s left");
  });

  it("continue if watching fails, and a note says so", async () => {
    const target = await serve((router) =>
      router.service(DlqAdminService, {
        getQueue: () => ({ queue: { name: "counted", exists: true } }),
        createBatchJob: ({ spec }) => ({ job: { id: spec?.dryRun === true ? "j-7" : "j-8" } }),
        async *watchBatchJob({ id }) {
          if (id === "j-8") throw new ConnectError("too many calls", Code.Unavailable);
          yield {
            job: {
              id,
              state: BatchJobState.DONE,
              endTime: { seconds: 1n },
              counts: { selectedCount: 1n },
            },
          };
        },
      }),
    );
    const { code, stderr } = await dlq(["purge", "counted", "--yes"], { target });
    expect(code).toBe(4);
    expect(stderr).toContain("j-8 continues: `dlq jobs watch j-8` shows it again");
  });

  it("may have begun if there is no answer", async () => {
    const target = await serve((router) =>
      router.service(DlqAdminService, {
        getQueue: () => ({ queue: { name: "counted", exists: true } }),
        createBatchJob: ({ spec }) => {
          if (spec?.dryRun !== true) throw new ConnectError("gone", Code.Unavailable);
          return { job: { id: "j-7" } };
        },
        async *watchBatchJob({ id }) {
          yield {
            job: {
              id,
              state: BatchJobState.DONE,
              endTime: { seconds: 1n },
              counts: { selectedCount: 1n },
            },
          };
        },
      }),
    );
    const { code, stderr } = await dlq(["purge", "counted", "--yes"], { target });
    expect(code).toBe(4);
    expect(stderr).toContain("the job may have begun: `dlq jobs` lists jobs.");
  });

  it("Ctrl-C while a dry run counts cancels it", async () => {
    await send("counted", 1);
    const cancelled: string[] = [];
    const target = await serve((router) =>
      router.service(DlqAdminService, {
        getQueue: () => ({ queue: { name: "counted", exists: true } }),
        createBatchJob: () => ({ job: { id: "j-7", state: BatchJobState.COUNTING } }),
        async *watchBatchJob({ id }, { signal }) {
          yield { job: { id, state: BatchJobState.COUNTING } };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
        cancelBatchJob: ({ id }) => {
          cancelled.push(id);
          return {};
        },
      }),
    );
    const { code } = await dlq(["purge", "counted"], {
      ...{ target, columns: 100, stdin: "endless" },
      onWrite: (text, interrupt) => {
        if (text.includes("COUNTING")) interrupt();
      },
    });
    expect({ code, cancelled }).toEqual({ code: 130, cancelled: ["j-7"] });
  });
});
