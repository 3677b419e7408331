// Workers that hang or fail everything, against a real server.

import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageState, Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, jsonLines, runDlq } from "./run-dlq.ts";

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

const dlq = (...args: string[]) => runDlq(args, { target: server.grpcAddress });

describe("take-back", () => {
  async function held(queue: string) {
    const retryPolicy = { initialDelay: { seconds: 0n } };
    const { id } = await client.dlq.sendToDlq({ ...sendRequest(queue), retryPolicy });
    const worker = await Worker.open(client.dlq, {
      ...{ queues: [queue], workerId: "billing-1", maxInFlight: 1 },
    });
    await worker.next();
    return { id, worker };
  }

  it("takes a message from its worker", async () => {
    const { id, worker } = await held("hanging");
    const { code, stdout, stderr } = await dlq("take-back", id);
    expect(code).toBe(0);
    expect(stderr).toContain("The same worker may get it again: first `dlq quiet SESSION`");
    expect(stdout).toMatch(/^Taken from billing-1 after \d+m?s; it is due now\.\n$/);
    await worker.close();
    const { stdout: shown } = await dlq("show", id, "-q", "hanging");
    expect(shown).toMatch(
      /^20\S+ {2}taken from worker billing-1\n {2}delivery 1, begun 20\S+, server \S+$/m,
    );
  });

  it("leaves the next delivery alone when it is repeated", async () => {
    const { id, worker } = await held("repeated");
    const first = ["take-back", id, "-q", "repeated", "--delivery", "1"];
    expect((await dlq(...first)).stdout).toMatch(/^Taken from billing-1 /);
    await worker.next(); // the same message again
    expect(await dlq(...first)).toMatchObject({
      ...{ code: 0, stdout: "No worker holds delivery 1 of it.\n" },
    });
    const json = await dlq(...first, "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({ broken: false, workerId: "" });
    expect((await dlq("take-back", id, "-q", "repeated")).stdout).toMatch(/^Taken from billing-1 /);
    await worker.close();
  });

  it("does nothing to what no worker holds", async () => {
    const failure = { reason: Reason.POISON_MESSAGE };
    const { id } = await client.dlq.sendToDlq(sendRequest("poison", { failure }));
    expect((await dlq("take-back", id, "-q", "poison")).stdout).toBe("No worker holds it.\n");
    const json = await dlq("take-back", id, "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({ broken: false, workerId: "" });
    expect((await dlq("take-back", id, "-q", "nowhere")).code).toBe(3);
  });

  it("of a delivery needs the queue", async () => {
    const id = "01a21eee-752a-7000-8000-000c64f1d2b3";
    expect(await dlq("take-back", id, "--delivery", "1")).toMatchObject({ code: 2 });
  });
});

describe("take-back of what a worker gets no more", () => {
  const run = (args: readonly string[], more: DlqRun = {}) =>
    runDlq(args, { target: server.grpcAddress, ...more });
  const atOnce = { retryPolicy: { initialDelay: { seconds: 0n } } };

  /** A worker that holds messages, and is to get no more of them. */
  async function holding(queue: string, count: number, workerId: string) {
    const ids: string[] = [];
    for (let at = 0; at < count; at++)
      ids.push((await client.dlq.sendToDlq({ ...sendRequest(queue), ...atOnce })).id);
    const worker = await Worker.open(client.dlq, { queues: [queue], workerId, maxInFlight: count });
    for (let at = 0; at < count; at++) await worker.next();
    return { ids, worker };
  }
  const statesOf = async (queue: string) =>
    (await client.admin.listMessages({ queue })).messages.map(({ state }) => state);

  it("makes the worker quiet first", async () => {
    const { ids, worker } = await holding("quieted", 1, "quieted-1");
    const { code, stdout, stderr } = await run(["take-back", ...ids, "--quiet"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Taken from qu/) });
    expect(stderr).toMatch(
      /^Session \S+ gets no further messages: `dlq quiet \S+ --off` ends that/,
    );
    expect(await statesOf("quieted")).toEqual([MessageState.SCHEDULED]);
    const { workers } = await client.admin.listWorkers({ queue: "quieted" });
    expect(workers).toMatchObject([{ quiet: true, inFlightCount: 0n }]);
    await worker.close();
  });

  it("does nothing if it does not know the session for sure", async () => {
    const first = await holding("twins", 1, "twin");
    const second = await holding("twins", 1, "twin");
    const { code, stderr } = await run(["take-back", ...first.ids, "--quiet"]);
    expect(code).toBe(1);
    expect(stderr).toContain("2 sessions of twin hold messages of twins; nothing was taken back");
    expect(await statesOf("twins")).toEqual(Array(2).fill(MessageState.IN_FLIGHT));
    await first.worker.close();
    await second.worker.close();
  });

  it("reads ids from stdin", async () => {
    const { ids, worker } = await holding("piped", 2, "piped-1");
    const piped = await run(["take-back", "-", "--quiet", "-o", "jsonl"], {
      stdin: ids.join("\n"),
    });
    expect(jsonLines(piped.stdout)).toMatchObject(
      ids.map((id) => ({ queue: "piped", id, broken: true, workerId: "piped-1" })),
    );
    await worker.close();
    expect((await run(["take-back", "-"], { stdin: ids.join("\n") })).stdout).toBe(
      "Nothing is held; nothing was taken back.\n",
    );
    expect((await run(["take-back", "-"], { stdin: "x" })).code).toBe(2);
  });

  it("takes back all that a worker holds, if somebody agrees", async () => {
    const first = await holding("all-a", 2, "all-1");
    const other = await holding("all-b", 1, "all-1");
    const args = ["take-back", "--worker", "all-1", "--queue", "all-a", "--quiet"];
    const refused = await run(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "all-1 holds 2 messages; nothing was taken back\n  give --yes",
    );
    const answered = (text: string) => {
      const stdin = new PassThrough();
      stdin.write(text);
      return run(args, { columns: 80, stdin });
    };
    const no = await answered("\n");
    expect(no.stderr).toBe(
      "all-1 holds 2 messages. Take them back? [y/N] Nothing was taken back.\n",
    );
    expect(await statesOf("all-a")).toEqual(Array(2).fill(MessageState.IN_FLIGHT));
    expect((await answered("yes\n")).stdout).toBe("Taken back: 2; due now.\n");
    expect(await statesOf("all-a")).toEqual(Array(2).fill(MessageState.SCHEDULED));
    expect(await statesOf("all-b")).toEqual([MessageState.IN_FLIGHT]);
    const rest = await run(["take-back", "--worker", "all-1", "--yes"]);
    expect(rest.stdout).toBe("Taken back: 1; due now.\n");
    const none = await run(["take-back", "--worker", "all-2", "-o", "json"]);
    expect(JSON.parse(none.stdout)).toEqual({ results: [] });
    await first.worker.close();
    await other.worker.close();
  });

  it.each([
    [["take-back"], "give ids, - or --worker"],
    [["take-back", "x"], '"x" is no id'],
    [["take-back", "--worker", "w", "x"], "--worker takes back all that it holds"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe("quiet", () => {
  it("gives a worker no further messages, until that is taken back", async () => {
    await client.dlq.sendToDlq(
      sendRequest("orders", { firstRetry: { case: "delay", value: { seconds: 3_600n } } }),
    );
    const worker = await Worker.open(client.dlq, { queues: ["orders"], workerId: "calm-1" });
    const { workers } = await client.admin.listWorkers({ queue: "orders" });
    const session = workers.find(({ workerId }) => workerId === "calm-1")?.sessionId ?? "";
    expect((await dlq("quiet", session)).stdout).toBe("It gets no further messages now.\n");
    expect((await dlq("quiet", session)).stdout).toBe("It gets no further messages already.\n");
    expect((await dlq("workers", "orders")).stdout).toMatch(/calm-1 .* quiet /);
    const off = await dlq("quiet", session, "--off", "-o", "json");
    expect(JSON.parse(off.stdout)).toEqual({ changed: true });
    await worker.close();
    expect((await dlq("quiet", "00000000-0000-4000-8000-000000000000")).code).toBe(3);
  });
});
