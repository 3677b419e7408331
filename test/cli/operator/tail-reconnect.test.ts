// `dlq tail` when the server ends the stream, restarts, or is not there.

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it, onTestFinished } from "vitest";
import { DlqService, type WatchEventsRequest } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { EventType } from "../../../gen/dlq/v1/event_pb.ts";
import { connectTo } from "../../support/grpc.ts";
import { dueIn, sendRequest } from "../../support/send-requests.ts";
import { startTestServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { jsonLines, runDlq, serve } from "./run-dlq.ts";

const AT_MS = Date.now();
const busy = () => new ConnectError("the server ends this connection", Code.Unavailable);
const eventOf = (number: number) => ({
  ...{ id: `00-1-${number}`, queue: "q", type: EventType.QUEUE_PAUSED },
  time: timestampFromMs(AT_MS + number),
});
const idsOf = (stdout: string) =>
  jsonLines(stdout).map(({ event_id, event_type }) => event_id ?? event_type);

/** Serves WatchEvents: each call is answered by the next script, the last one again and again. */
async function scripted(
  scripts: readonly ((request: WatchEventsRequest) => AsyncIterable<object>)[],
) {
  const requests: WatchEventsRequest[] = [];
  const target = await serve((router) =>
    router.rpc(DlqService.method.watchEvents, async function* (request) {
      requests.push(request);
      yield* (scripts[requests.length - 1] ?? scripts.at(-1))?.(request) ?? [];
    }),
  );
  return { target, requests };
}

it("goes on behind the last token, without repeated events, and says so once", async () => {
  const { target, requests } = await scripted([
    async function* () {
      yield { resumeToken: "t1" };
      yield { events: [eventOf(1)], resumeToken: "t2" };
      yield { events: [eventOf(2)] };
      throw busy();
    },
    async function* () {
      yield* [];
      throw busy();
    },
    async function* () {
      yield { resumeToken: "t2" };
      yield { events: [eventOf(2), eventOf(3)], gap: { missedCount: 7n } };
    },
  ]);
  const { code, stdout, stderr } = await runDlq(["tail", "--json", "-n", "3"], { target });
  expect(code).toBe(0);
  expect(idsOf(stdout)).toEqual(["00-1-1", "00-1-2", "events_missed", "00-1-3"]);
  expect(stderr).toBe(
    `Stream ended: ${target} does not answer: the server ends this connection; reconnecting.\nReconnected; continuing.\n`,
  );
  expect(requests.map(({ resumeToken }) => resumeToken)).toEqual(["", "t2", "t2"]);
  expect(requests[0]?.startTime).toBeUndefined();
});

it("says once what is left of messages whose events are missing", async () => {
  const { target } = await scripted([
    async function* () {
      yield { gap: { missedCount: 7n } };
      yield { gap: { undoneCount: 1n }, events: [eventOf(1)] };
    },
  ]);
  const { stderr } = await runDlq(["tail", "-n", "1"], { target });
  expect(stderr).toBe(
    "Events are missing: `dlq ls` lists the messages that are still stored, `dlq show ID` has what happened to one last.\n",
  );
});

it("goes on shortly before the last event if the token is refused", async () => {
  const { target, requests } = await scripted([
    async function* () {
      yield { events: [eventOf(1)], resumeToken: "old", caughtUp: true };
    },
    async function* () {
      yield* [];
      throw new ConnectError(
        "resume_token: is not one of an earlier response",
        Code.InvalidArgument,
      );
    },
    async function* () {
      yield* [];
      throw busy();
    },
    async function* () {
      yield { events: [eventOf(1), eventOf(2)], resumeToken: "new" };
    },
  ]);
  const args = ["tail", "--json", "-n", "2", "--since", "1h"];
  const { stdout, stderr } = await runDlq(args, { target });
  expect(stderr).toMatch(/^Stream ended; reconnecting\.\n/);
  expect(idsOf(stdout)).toEqual(["00-1-1", "00-1-2"]);
  expect(requests.map(({ resumeToken }) => resumeToken)).toEqual(["", "old", "", ""]);
  const start = requests[3]?.startTime;
  expect(start && timestampMs(start)).toBe(AT_MS + 1 - 10_000);
});

it("says what was removed while it was not connected", async () => {
  const keptSince = timestampFromMs(Date.UTC(2026, 0, 31, 9, 5, 7));
  const { target } = await scripted([
    async function* () {
      yield { resumeToken: "old", caughtUp: true };
    },
    async function* () {
      yield* [];
      throw new ConnectError("resume_token: is unknown", Code.InvalidArgument);
    },
    async function* () {
      yield { resumeToken: "new", keptSince };
      yield { events: [eventOf(1)], caughtUp: true };
    },
  ]);
  const { stderr, stdout } = await runDlq(["tail", "--json", "-n", "1"], { target });
  expect(stderr).toContain(
    "Events are complete only since 2026-01-31 09:05:07 UTC; earlier ones were asked for. The server keeps about a day, at most outbox_max.\n",
  );
  expect(idsOf(stdout)).toEqual(["events_missed", "00-1-1"]);
});

it("goes on with --no-follow until the past events have come", async () => {
  const { target, requests } = await scripted([
    async function* () {
      yield { events: [eventOf(2)], resumeToken: "t" };
      throw busy();
    },
    async function* () {
      yield { resumeToken: "t" };
      yield { events: [{ ...eventOf(1), queue: "other" }] };
      yield { resumeToken: "t2", caughtUp: true };
    },
  ]);
  const args = ["tail", "--json", "--since", "1h", "--no-follow"];
  const { code, stdout } = await runDlq(args, { target });
  expect(code).toBe(0);
  expect(idsOf(stdout)).toEqual(["00-1-1", "00-1-2"]);
  // Other queues may have older events that have not come.
  expect(requests[1]?.startTime).toEqual(requests[0]?.startTime);
});

it("ends with an error that would come again", async () => {
  const { target } = await scripted([
    async function* () {
      yield { resumeToken: "t" };
    },
    async function* () {
      yield* [];
      throw new ConnectError("no valid token", Code.Unauthenticated);
    },
  ]);
  const { code, stderr } = await runDlq(["tail"], { target });
  expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("no valid") });
});

it("4: no server is there, or it does not answer in time", async () => {
  const none = await runDlq(["tail"], { target: "127.0.0.1:1" });
  expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining("ECONNREFUSED") });
  const { target } = await scripted([
    async function* () {
      yield* [];
      await new Promise(() => {});
    },
  ]);
  const late = await runDlq(["tail", "--timeout", "50ms"], { target });
  expect(late).toMatchObject({ code: 4, stderr: expect.stringContaining("no answer in 50ms") });
});

it("ends by Ctrl-C while it waits for the server", async () => {
  const { target } = await scripted([
    async function* () {
      yield { resumeToken: "t" };
    },
    async function* () {
      yield* [];
      throw busy();
    },
  ]);
  const { code } = await runDlq(["tail"], {
    target,
    onWrite: (text, interrupt) => text.includes("; reconnecting") && interrupt(),
  });
  expect(code).toBe(130);
});

it("follows a server over its restart", { timeout: 180_000 }, async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const send = async () => {
    const client = connectTo(server.grpcAddress);
    const { id } = await client.dlq.sendToDlq(sendRequest("orders", dueIn(3_600_000)));
    client.close();
    return id;
  };
  const first = await send();
  let written = "";
  const args = ["tail", "--json", "--since", "1h", "--type", "message_added", "-n", "2"];
  const run = runDlq(args, {
    target: server.grpcAddress,
    onWrite: (text) => {
      written += text;
    },
  });
  await until("the first event", () => written.includes(first));
  await server.restart();
  const second = await send();
  const { code, stdout, stderr } = await run;
  expect(code).toBe(0);
  expect(jsonLines(stdout).map(({ message_id }) => message_id)).toEqual([first, second]);
  expect(stderr.match(/; reconnecting\.\n/g)).toHaveLength(1);
  expect(stderr).toMatch(/Reconnected; continuing\.\n$/);
});
