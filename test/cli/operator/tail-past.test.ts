// `dlq tail --since` against a real server: what has happened, in order of time, and its end.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PastEvents } from "../../../clients/cli/src/reads/past-events.ts";
import { EventSchema } from "../../../gen/dlq/v1/event_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { dueIn, sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { type DlqRun, jsonLines, runDlq } from "./run-dlq.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer({ env: { DLQ_OUTBOX_MAX: "16KiB" } });
  client = connectTo(server.grpcAddress);
  for (const queue of ["alpha", "beta", "gamma", "alpha", "beta", "gamma", "alpha"])
    await client.dlq.sendToDlq(sendRequest(queue, dueIn(3_600_000)));
  const requests = Array.from({ length: 100 }, () => sendRequest("busy", dueIn(3_600_000)));
  for (let n = 0; n < 10; n++) await client.dlq.sendToDlqBatch({ requests });
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const tail = (args: readonly string[], run: DlqRun = {}) =>
  runDlq(["tail", ...args], { target: server.grpcAddress, ...run });

const THREE = ["alpha", "beta", "gamma", "--type", "message_added"];

it("prints the past events of several queues in order of time", async () => {
  const { stdout } = await tail([...THREE, "--since", "1h", "--json", "-n", "7"]);
  expect(jsonLines(stdout).map(({ queue_name }) => queue_name)).toEqual([
    ...["alpha", "beta", "gamma", "alpha", "beta", "gamma", "alpha"],
  ]);
});

it("--no-follow ends when what has happened was printed", async () => {
  const { code, stdout, stderr } = await tail([...THREE, "--since", "1h", "--no-follow"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toHaveLength(7);
  const none = await tail([...THREE, "--since", "1h", "--no-follow", "-f", "retry_count > 3"]);
  expect(none).toEqual({ code: 0, stdout: "", stderr: "" });
  const alone = await tail(["alpha", "--no-follow"]);
  expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("give --since") });
});

it("says on a terminal that there are no past events", async () => {
  const args = ["alpha", "--since", "1h", "-f", "retry_count > 3"];
  const { code, stderr } = await tail(args, {
    columns: 120,
    onWrite: (text, interrupt) => text.includes("waiting for new ones") && interrupt(),
  });
  expect({ code, stderr }).toEqual({
    code: 130,
    stderr: "No past events; waiting for new ones.\n",
  });
  const ended = await tail([...args, "--no-follow"], { columns: 120 });
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "No past events.\n" });
});

it("says that there are none of a message", async () => {
  const args = ["alpha", "--message", "999999", "--since", "1h"];
  const ended = await tail([...args, "--no-follow"]);
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "No past event of this message.\n" });
  const followed = await tail(args, {
    onWrite: (text, interrupt) => text.includes("waiting for new ones") && interrupt(),
  });
  expect(followed.stderr).toBe("No past event of this message; waiting for new ones.\n");
});

describe("a queue that does not exist, with --no-follow", () => {
  const past = ["--since", "1h", "--no-follow", "--type", "message_added,purged"];

  it("is an error after the events of the others", async () => {
    const { code, stdout, stderr } = await tail(["alpah", "gamma", ...past]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/^dlq: there is no queue alpah; did you mean alpha\?\n/),
    });
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  it("is none if it has past events", async () => {
    await client.dlq.sendToDlq(sendRequest("gone", dueIn(3_600_000)));
    await client.admin.deleteQueue({ queue: "gone", expectedCount: 1n });
    const { code, stdout } = await tail(["gone", ...past]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/message_added[^\n]*\n[^\n]*purged/);
  });
});

it("--since takes a time, in the forms in which times are printed", async () => {
  const { stdout } = await tail([...THREE, "--since", "1h", "--no-follow"]);
  const lines = stdout.trimEnd().split("\n");
  const fifth = lines[4]?.slice(0, 24) ?? "";
  const rest = lines.filter((line) => line >= fifth);
  for (const time of [fifth, fifth.replace("Z", "+00:00"), fifth.replace("Z", "")]) {
    const from = await tail([...THREE, "--since", time, "--no-follow"]);
    expect(from.stdout.trimEnd().split("\n")).toEqual(rest);
  }
  const early = ["busy", "--since", "2026-01-31 18:00:00 UTC", "--no-follow"];
  expect((await tail(early)).stderr).toMatch(/UTC; 2026-01-31T18:00:00\.000Z was asked for\. /);
});

describe("if older events were removed", () => {
  const args = ["busy", "alpha", "--since", "30m", "--no-follow"];
  const NOTE =
    /^Events are complete only since (\d\d:\d\d:\d\d) UTC; 30m were asked for\. The server keeps about a day, at most outbox_max\.\n$/;

  it("says since when they are kept", async () => {
    const { stdout, stderr } = await tail([...args, "--type", "message_added"]);
    expect(stderr).toMatch(NOTE);
    const first = stdout.split("\n").find((line) => line.includes("  busy  "));
    expect(first).toContain(`T${NOTE.exec(stderr)?.[1]}`);
  });

  it("has an object for that in JSON", async () => {
    const { stdout, stderr } = await tail([...args, "--json"]);
    expect(stderr).toMatch(NOTE);
    expect(jsonLines(stdout)[0]).toEqual({
      ...{ message_id: null, reason: null, retry_count: 0, queue_name: null },
      timestamp: expect.stringMatching(/^20.*\+00:00$/),
      event_type: "events_missed",
      kept_since: expect.stringMatching(/^20.*\+00:00$/),
    });
  });
});

describe("past events", () => {
  const eventOf = (id: string, queue: string, atMs: number) =>
    create(EventSchema, { id, queue, time: timestampFromMs(atMs) });
  const idsOf = (past: PastEvents) => past.take().map(({ id }) => id);

  it("are in order of time; those of a queue stay in their order, also if a clock was set back", () => {
    const past = new PastEvents();
    past.add([eventOf("a1", "a", 100), eventOf("a2", "a", 300), eventOf("a3", "a", 200)]);
    past.add([eventOf("b1", "b", 50), eventOf("b2", "b", 250), eventOf("b3", "b", 400)]);
    expect(idsOf(past)).toEqual(["b1", "a1", "b2", "a2", "a3", "b3"]);
    expect(idsOf(past)).toEqual([]);
  });

  it("are held up to 20,000", () => {
    const past = new PastEvents();
    const some = Array.from({ length: 10_000 }, (_, at) => eventOf(String(at), "a", at));
    past.add(some);
    expect(past.isFull).toBe(false);
    past.add(some);
    expect(past.isFull).toBe(true);
  });
});
