// The commands that read, against a real server with real messages.

import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { failed, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, jsonLines, runDlq } from "./run-dlq.ts";

const LATER = { seconds: 3_600n };
/** The alternate screen of a terminal. */
const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?1049l";
const RED = "\u001b[31m";

let server: TestServer;
let client: TestClient;
/** Waits, is in quarantine, and is held by a worker. */
let ids: { waiting: string; poison: string; held: string };
let worker: Worker;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  const send = async (queue: string, more: Parameters<typeof sendRequest>[1]) =>
    (await client.dlq.sendToDlq(sendRequest(queue, more))).id;
  const waiting = await send("orders-eu", {
    payload: { body: { case: "text", value: '{"customer":"acme"}' } },
    attributes: { host: `hooks${RED}` },
    firstRetry: { case: "delay", value: LATER },
    failure: {
      reason: Reason.TIMEOUT,
      type: "net.ReadTimeout",
      message: `no answer${RED}\nin 3 s`,
    },
  });
  const poison = await send("orders-us", {
    failure: { reason: Reason.POISON_MESSAGE, type: "ValidationError", message: "total is bad" },
  });
  const held = await send("slow", {
    retryPolicy: { initialDelay: { seconds: 0n } },
    failure: { reason: Reason.NETWORK_ERROR, message: "refused" },
  });
  worker = await Worker.open(client.dlq, { queues: ["slow"], workerId: "billing-1" });
  await worker.settle(await worker.next(), failed());
  await worker.next();
  ids = { waiting, poison, held };
}, 180_000);
afterAll(async () => {
  await worker?.close();
  client?.close();
  await server?.stop();
});

const dlq = (line: string, run: DlqRun = {}) =>
  runDlq(line.split(" "), { target: server.grpcAddress, ...run });

/** Runs a command that must succeed, and returns its output. */
async function output(line: string, run: DlqRun = {}): Promise<string> {
  const { code, stdout, stderr } = await dlq(line, run);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  return stdout;
}

describe("queues and stats", () => {
  it("lists what queues hold and what holds them up", async () => {
    const lines = (await output("queues")).trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^QUEUE +MESSAGES +DUE +IN FLIGHT +QUARANTINED +WORKERS +OLDEST +NOW$/,
    );
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
      ["orders-eu", "1", "0", "0", "0"],
      ["orders-us", "1", "0", "0", "1"],
      ["slow", "1", "0", "1", "0"],
    ]);
    expect(lines[2]).toMatch(/ALL_QUARANTINED$/);
  });

  it("are the answer of Stats as JSON, for some queues too", async () => {
    const stats = JSON.parse(await output("queues orders-* -o json"));
    expect(stats).toMatchObject({ totalMessages: "2", totalPoisonMessages: "1" });
    const lines = jsonLines(await output("stats orders-us slow -o jsonl"));
    expect(lines.map(({ queue }) => queue)).toEqual(["orders-us", "slow"]);
  });

  it("shows figures, causes and conditions of a queue", async () => {
    const text = await output("stats orders-us");
    expect(text).toContain("orders-us  1 message,");
    expect(text).toMatch(/quarantined +1/);
    expect(text).toMatch(/1 QUARANTINED POISON_MESSAGE \(PRODUCER_REQUEST\)/);
    expect(text).toMatch(/ALL_QUARANTINED +\S/);
  });

  it("shows settings of queues", async () => {
    const request = { queue: { name: "tuned", config: { maxRetries: 3 } } };
    await client.admin.updateQueue(request);
    expect(await output("queues tuned --settings")).toMatch(/^tuned +\S+ +maxRetries$/m);
    const [queue] = jsonLines(await output("queues tuned --settings -o jsonl"));
    expect(queue).toMatchObject({ name: "tuned", config: { maxRetries: 3 } });
  });
});

describe("ls", () => {
  it("lists messages with what is next", async () => {
    const text = await output("ls");
    expect(text).toMatch(
      new RegExp(`^${ids.poison} +orders-us +QUARANTINED .*PRODUCER_REQUEST`, "m"),
    );
    expect(text).toMatch(new RegExp(`^${ids.waiting} +orders-eu +SCHEDULED .*due 20`, "m"));
    expect(text).toMatch(new RegExp(`^${ids.held} +slow +IN_FLIGHT .*lease ends`, "m"));
    expect(text).toContain("ReadTimeout: no answer\\x1b[31m\\nin 3 s");
    expect(text).not.toContain(RED);
  });

  it.each([
    ["ls orders-* --state quarantined", ["poison"]],
    ["ls --reason timeout,unknown-error", ["waiting", "held"]],
    ["ls --text acme", ["waiting"]],
    ["ls --since 1h --type ValidationError", ["poison"]],
    ["ls --since 60d --type ValidationError", ["poison"]],
    ["ls --type ReadTimeout", ["waiting"]],
    ["ls --type net.ReadTimeout", ["waiting"]],
    ["ls --type Timeout", []],
    ["ls --before 1h", []],
    ["ls --quarantine-reason producer_request", ["poison"]],
    ['ls --filter state=="IN_FLIGHT"||attempts>5 --reason UNKNOWN_ERROR,network_error', ["held"]],
    ["ls orders-eu", ["waiting"]],
    ["ls --worker billing-1", ["held"]],
    ["ls --worker billing", []],
    ["ls --worker billing-1 --state in-flight --reason timeout", []],
  ] as const)("%s", async (line, names) => {
    const listed = await output(`${line} --ids`);
    expect(listed.split("\n").filter(Boolean)).toEqual(names.map((name) => ids[name]));
  });

  it("refuses a worker with a state in which no worker holds messages", async () => {
    const { code, stderr } = await dlq("ls --worker billing-1 --state quarantined");
    expect(code).toBe(2);
    expect(stderr).toContain("--worker is for messages in flight");
  });

  it("is the answer of ListMessages as JSON", async () => {
    const { messages } = JSON.parse(await output("ls orders-eu -o json --full"));
    expect(messages).toMatchObject([
      { message: { id: ids.waiting, payload: { text: '{"customer":"acme"}' } } },
    ]);
    const [line] = jsonLines(await output("ls orders-eu -o jsonl"));
    expect(line).toMatchObject({ state: "MESSAGE_STATE_SCHEDULED", message: { id: ids.waiting } });
  });

  it("has empty lists and zeros in JSON, so that scripts find them", async () => {
    expect(JSON.parse(await output("ls --before 1h -o json"))).toMatchObject({ messages: [] });
    expect(JSON.parse(await output("workers orders-eu -o json"))).toEqual({ workers: [] });
    expect(JSON.parse(await output("count --before 1h -o json"))).toMatchObject({
      otherCount: "0",
    });
    const [queue] = jsonLines(await output("queues orders-eu -o jsonl"));
    expect(queue).toMatchObject({ inFlight: "0", quarantined: "0", openBreakers: 0 });
  });

  it("reads several pages up to a limit, and says that there are more", async () => {
    const { stderr, stdout } = await dlq("ls --limit 2 --ids");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toContain("There may be more: give a larger --limit");
    expect((await dlq("ls --limit 100")).stderr).toBe("");
  });
});

describe("show", () => {
  it("has state, history, payload and the reason", async () => {
    const text = await output(`show ${ids.waiting} --payload --stack`);
    expect(text).toMatch(/state +SCHEDULED, due 20.*Z/);
    expect(text).toMatch(
      /HISTORY\n\S+ +sent\n {2}TIMEOUT ReadTimeout: no answer\\x1b\[31m\\nin 3 s/,
    );
    expect(text).toContain('"customer": "acme"');
    expect(text).toMatch(/host +hooks\\x1b\[31m/);
    expect(text).toMatch(/WHY IT IS THERE\n- /);
    expect(text).not.toContain(RED);
  });

  it("has each attempt with its worker, times and decision", async () => {
    const text = await output(`show ${ids.held} --queue slow`);
    expect(text).toMatch(/IN_FLIGHT since .*, held by billing-1, lease ends/);
    expect(text).toMatch(
      /delivery 1\n +after a wait of \S+, took \S+, worker billing-1, server \S+\n/,
    );
    expect(text).toMatch(/decided: attempt 1 of \d+ failed/);
  });

  it("is the message with its explanation as JSON", async () => {
    const answer = JSON.parse(await output(`show ${ids.poison} -o json`));
    expect(answer.message).toMatchObject({
      quarantineReason: "QUARANTINE_REASON_PRODUCER_REQUEST",
    });
    expect(answer.explanations[0].text).toContain("in quarantine");
  });

  it("does not find what is not there", async () => {
    const missing = "01a21eee-752a-7000-8000-000c64f1d2b3";
    const { code, stderr } = await dlq(`show ${missing}`);
    expect(code).toBe(3);
    expect(stderr).toBe(
      `dlq: no queue has the message ${missing}: it succeeded, was discarded or expired, or never existed\n  \`dlq ls\` lists stored messages\n`,
    );
    expect(await dlq("show 42")).toMatchObject({ code: 2 });
  });
});

describe("what to do is a line of this program", () => {
  const linesOf = async (line: string) =>
    (await output(line)).split("\n").filter((one) => /^-> /.test(one));

  it.each(["show", "explain"])("for a message, by %s", async (command) => {
    expect(await linesOf(`${command} ${ids.poison}`)).toEqual([`-> dlq retry ${ids.poison}`]);
    expect(await linesOf(`${command} ${ids.waiting} --queue orders-eu`)).toEqual([
      `-> dlq retry ${ids.waiting}`,
    ]);
    expect(await linesOf(`${command} ${ids.held}`)).toEqual([
      `-> dlq take-back ${ids.held} --quiet (if the worker hangs)`,
    ]);
  });

  it.each(["explain", "stats"])("for a queue, by %s", async (command) => {
    const text = await output(`${command} orders-us`);
    expect(text).toMatch(/^ *-> `dlq groups orders-us` shows which failures are alike/m);
    expect(text).toContain("`dlq retry orders-us --group ID`");
    expect(await output(`${command} slow`)).not.toContain("->");
  });

  it("only for people", async () => {
    const { explanations } = JSON.parse(await output(`explain ${ids.poison} -o json`));
    expect(explanations).toHaveLength(1);
  });
});

describe("explain and workers", () => {
  it("explain a queue and a message", async () => {
    expect(await output("explain orders-eu")).toMatch(/^orders-eu\n- /);
    expect(await output(`explain ${ids.held}`)).toContain("billing-1 has held it since");
    const answer = JSON.parse(await output("explain orders-us -o json"));
    expect(answer.explanations.length).toBeGreaterThan(0);
    expect(jsonLines(await output("explain orders-us -o jsonl"))[0]).toHaveProperty("text");
  });

  it("list workers with what they hold", async () => {
    expect(await output("workers")).toMatch(/^slow +billing-1 +1 +\d+ +20\S+/m);
    expect(JSON.parse(await output("workers slow -o json")).workers).toMatchObject([
      { queue: "slow", workerId: "billing-1", inFlightCount: "1", connected: true },
    ]);
    expect((await dlq("workers orders-eu")).stderr).toContain("No worker has a stream open");
  });
});

describe("top", () => {
  it("prints one answer a look as JSON, and draws on a terminal", async () => {
    expect(jsonLines(await output("top -o jsonl --count 2 --interval 200ms"))).toHaveLength(2);
    const screen = await output("top --count 1", { columns: 80 });
    expect(screen.startsWith(ENTER) && screen.endsWith(LEAVE)).toBe(true);
    expect(screen).toContain("messages in 3 queues");
    const narrow = stripVTControlCharacters(await output("top --count 1", { columns: 50 }));
    expect(narrow.split("\r\n").filter((line) => line.length > 50)).toEqual([]);
  });

  it("needs a terminal", async () => {
    const { code, stderr } = await dlq("top");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("dlq queues") });
  });

  it("ends at Ctrl-C and leaves the screen as it was", async () => {
    const { code, stdout } = await dlq("top", {
      columns: 80,
      onWrite: (text, interrupt) => text.includes("messages in") && interrupt(),
    });
    expect(code).toBe(0);
    expect(stdout.endsWith(LEAVE)).toBe(true);
  });
});

describe("on a terminal", () => {
  it.each([60, 80, 120])("tables fit into %d columns, with colors", async (columns) => {
    for (const line of ["queues", "ls", `show ${ids.held}`, "stats", "workers", "explain slow"]) {
      const text = await output(line, { columns });
      const plain = stripVTControlCharacters(text);
      if (line !== "explain slow") expect(text, line).not.toBe(plain);
      const long = plain.split("\n").filter((shown) => shown.length > columns);
      expect(long, line).toEqual([]);
    }
  });

  it.each([80, 100, 120, 160])(
    "workers have their whole session in %d columns",
    async (columns) => {
      const { workers } = await client.admin.listWorkers({ queue: "slow" });
      const text = await output("workers", { columns });
      expect(text).toContain(workers[0]?.sessionId);
    },
  );

  it.each([
    [80, 9],
    [120, 25],
  ])("messages have room for the failure in %d columns", async (columns, least) => {
    const text = stripVTControlCharacters(await output("ls orders-*", { columns }));
    const [titles = "", first = ""] = text.split("\n");
    expect(first.slice(titles.indexOf("FAILURE")).length).toBeGreaterThanOrEqual(least);
  });

  it("has ages, and no colors with NO_COLOR", async () => {
    const text = await output("ls orders-us", { columns: 120, env: { NO_COLOR: "1" } });
    expect(text).toMatch(/QUARANTINED +\d+m?s? /);
    expect(text).not.toContain("\u001b");
  });
});
