// Events of a server, as a consumer of NATS sees them.

import { DiscardPolicy } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { manage, type Received, storedIds, subscribe } from "../nats/consumer.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { failed, retriesAtOnce, sendRequest, succeeded, text } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats?.stop());

async function start(
  args: readonly string[] = [],
): Promise<{ server: TestServer; client: TestClient }> {
  const server = await startTestServer({ args: ["--nats-url", nats.url, ...args] });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  return { server, client };
}

/** A stream of its own, since streams of one NATS must not overlap. */
const streamNamed = (name: string) => [
  ...["--nats-prefix", name, "--nats-action-prefix", `action_${name}`, "--nats-stream", name],
];

const subjectsOf = (received: readonly Received[]) => received.map(({ subject }) => subject);

it("publishes the life of a message, with the names of the old package", async () => {
  await using consumer = await subscribe(nats.url, "dlq.>");
  const { client } = await start();
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest("orders.eu", retriesAtOnce(1)),
    failure: { reason: Reason.TIMEOUT, type: "ReadTimeout" },
  });
  const worker = await Worker.open(client.dlq, { queues: ["orders.eu"] });
  await worker.settle(await worker.next(), failed());
  const ends = (subject: string) => consumer.received.some((one) => one.subject === subject);
  await until("the quarantine", () => ends("dlq.orders%2Eeu.poison") || undefined);
  await client.dlq.retry({ queue: "orders.eu", ids: [id] });
  await worker.settle(await worker.next(), succeeded);
  await until("the success", () => ends("dlq.orders%2Eeu.retry_success") || undefined);
  await worker.close();

  const subjects = subjectsOf(consumer.received).map((one) => one.replace("dlq.orders%2Eeu.", ""));
  expect(subjects.filter((one) => one !== "group_opened")).toEqual([
    ...["message_added", "retry_scheduled", "retry_failed", "poison", "retried", "retry_success"],
  ]);
  const poison = consumer.received.find(({ subject }) => subject.endsWith(".poison"));
  expect(poison?.body).toMatchObject({
    ...{ message_id: id, retry_count: 1, queue_name: "orders.eu", event_type: "moved_to_poison" },
    quarantine_reason: "retries_exhausted",
  });
  expect(poison?.headers["ce-type"]).toBe("dlq.v1.moved_to_poison");
});

it("publishes actions below their own prefix, with their fields at the top", async () => {
  await using consumer = await subscribe(nats.url, "action_dlq.>");
  const { client } = await start();
  const action = { action_type_id: "update_user", object_ids: ["user123"], executed_by: "ann" };
  await client.dlq.sendToDlq({
    ...sendRequest("actions"),
    payload: text(JSON.stringify({ ...action, parameters: { status: "active" } })),
  });
  const worker = await Worker.open(client.dlq, { queues: ["actions"] });
  await worker.settle(await worker.next(), failed());
  await until("the failure", () => consumer.received.length >= 4 || undefined);
  await worker.close();
  expect(subjectsOf(consumer.received)).toContain("action_dlq.actions.retry_failed");
  for (const { body } of consumer.received) expect(body).toMatchObject(action);
});

it("publishes pauses, and what was asked for only", async () => {
  await using consumer = await subscribe(nats.url, "only.>");
  const args = ["--nats-prefix", "only", "--nats-events", "queue_paused,queue_resumed"];
  const { client } = await start(args);
  await client.dlq.sendToDlq(sendRequest("orders"));
  for (const paused of [true, false])
    await client.admin.updateQueue({ queue: { name: "orders", config: { pause: { paused } } } });
  await until("both", () => consumer.received.length >= 2 || undefined);
  expect(subjectsOf(consumer.received)).toEqual([
    "only.orders.queue_paused",
    "only.orders.queue_resumed",
  ]);
});

it("says whether NATS takes events, also while there are none", async () => {
  const own = await startTestNats({ jetstream: false });
  onTestFinished(() => own.stop());
  await own.kill9();
  const { server } = await start(["--nats-url", own.url]);
  const logged = (text: string) =>
    until(text, () => server.logs.find(({ msg }) => msg === text) || undefined);
  const isUp = async () => {
    const metrics = await (await fetch(`http://${server.httpAddress}/metrics`)).text();
    return /^dlq_nats_up (\d)$/m.exec(metrics)?.[1];
  };
  const ready = async () => await (await fetch(`http://${server.httpAddress}/readyz`)).text();
  const { error } = await logged("NATS takes no events; retrying every 5 s");
  expect(await ready()).toBe(
    "ready; NATS takes no events: NATS does not answer (connection refused); see the log\n",
  );
  expect(error).toMatch(/does not answer: connection refused/);
  expect(await isUp()).toBe("0");
  await own.restart();
  await logged("connected to NATS: events are published");
  expect(await isUp()).toBe("1");
  expect(await ready()).toBe("ready\n");
  await own.kill9();
  await until("the outage", async () => (await isUp()) === "0" || undefined);
});

it("an outage of NATS loses no event and repeats none in a stream, and shows what waits", async () => {
  const { client, server } = await start(streamNamed("s"));
  const gauge = async (name: string) => {
    const metrics = await (await fetch(`http://${server.httpAddress}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, "m").exec(metrics)?.[1]);
  };
  const send = () =>
    client.dlq.sendToDlq(
      sendRequest("orders", { firstRetry: { case: "delay", value: { seconds: 3600n } } }),
    );
  const sent = [await send()];
  await nats.kill9();
  for (let n = 0; n < 20; n++) sent.push(await send());
  const isFailing = () => server.logs.some(({ msg }) => String(msg).startsWith("events cannot be"));
  await until("the failure in the log", () => isFailing() || undefined);
  await until("what waits", async () => (await gauge("dlq_event_backlog_bytes")) > 2_000);
  expect(await gauge("dlq_event_oldest_waiting_seconds")).toBeGreaterThan(0);
  const { nats: info } = await client.admin.getServerInfo({});
  expect(info?.backlogLimitBytes).toBeGreaterThan(1_000_000n);
  expect(info).toMatchObject({ missedChangeCount: 0n, oldestWaitingTime: expect.anything() });
  await nats.restart();
  await using jsm = await manage(nats.url);
  const stored = async () => (await storedIds(jsm, "s").catch(() => [])).length;
  // group_opened, and two of each message.
  await until("all events", async () => (await stored()) >= 43 || undefined);
  expect(await stored()).toBe(43);
  const end = await until("the end in the log", () =>
    server.logs.find(({ msg }) => msg === "events are published again"),
  );
  expect(end).toMatchObject({ missed: 0, published: expect.any(Number) });
  expect(await gauge("dlq_event_oldest_waiting_seconds")).toBe(0);
});

it("shows what the stream can lose", async () => {
  await using jsm = await manage(nats.url);
  const subjects = ["old.>", "action_old.>"];
  await jsm.streams.add({ name: "old", subjects, max_msgs: 5, discard: DiscardPolicy.Old });
  const { client } = await start(streamNamed("old"));
  const [warning] = await until("the warning", async () => {
    const { nats: info } = await client.admin.getServerInfo({});
    return info?.warnings.length ? info.warnings : undefined;
  });
  expect(warning).toContain("stream old can lose or refuse events: a full stream removes");
});

it("events from before a server is killed are published by its next run", async () => {
  const { client, server } = await start(streamNamed("k"));
  await client.dlq.sendToDlq(sendRequest("orders"));
  await nats.kill9();
  for (let n = 0; n < 5; n++) await client.dlq.sendToDlq(sendRequest("orders"));
  await server.kill9();
  await nats.restart();
  await server.restart();
  await using jsm = await manage(nats.url);
  // The killed server has its partitions until it has been silent for 10 s.
  await until(
    "all events",
    async () => (await storedIds(jsm, "k").catch(() => [])).length >= 13 || undefined,
    120_000,
  );
  const ids = await storedIds(jsm, "k");
  expect(new Set(ids).size).toBe(ids.length);
});
