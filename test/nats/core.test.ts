// Publishing by core NATS, to a real nats-server.

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNatsPublisher } from "../../src/nats/nats-publisher.ts";
import { eventToken } from "../../src/nats/subjects.ts";
import { ACTION, SAMPLES, sampleEvent } from "../codec/events.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { freePort } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { optionsFor, subscribe } from "./consumer.ts";

const USERS = `
authorization {
  users = [
    { user: any, password: any },
    { user: limited, password: secret-word, permissions: { publish: { deny: ["dlq.*.retry_failed", "dlq.*.moved"] } } },
  ]
}`;

let nats: TestNats;
let withUsers: TestNats;
beforeAll(async () => {
  [nats, withUsers] = await Promise.all([
    startTestNats({ jetstream: false }),
    startTestNats({ jetstream: false, config: USERS }),
  ]);
});
afterAll(() => Promise.all([nats.stop(), withUsers.stop()]));

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

const no = () => false;

describe("events", () => {
  test("of each type go to the subject of their queue and type, with the headers of CloudEvents", async () => {
    await using consumer = await subscribe(nats.url, "dlq.of-each%2Etype.*");
    const publisher = createNatsPublisher(optionsFor(nats.port));
    const events = SAMPLES.map((event) => ({ ...event, queue: "of-each.type" }));
    await publisher.publish(events);
    await publisher.close();
    await consumer.nc.flush();
    expect(consumer.received.map(({ subject }) => subject)).toEqual(
      events.map(({ type }) => `dlq.of-each%2Etype.${eventToken(type)}`),
    );
    expect(consumer.received[0]?.headers).toEqual({
      "ce-specversion": "1.0",
      "ce-id": events[0]?.id,
      "ce-source": "/dlq/queues/of-each.type",
      "ce-type": "dlq.v1.message_added",
      "ce-subject": events[0]?.messageId,
      "ce-time": "2026-11-30T09:05:07.250Z",
      "content-type": "application/json",
    });
    expect(consumer.received[0]?.body).toMatchObject({ queue_name: "of-each.type" });
  });

  test("of many queues at once have one write and one round trip", async () => {
    const sent: string[] = [];
    const watch = { up: (data: Buffer) => void sent.push(String(data)), down: () => true };
    const link = await LinkProxy.open(
      () => [{ port: nats.port }],
      () => watch,
    );
    const publisher = createNatsPublisher(optionsFor(link.port));
    const publishAll = () =>
      Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          publisher.publish([sampleEvent("retried", { queue: `at-once-${at}` })]),
        ),
      );
    await publishAll();
    sent.length = 0;
    await publishAll();
    const bytes = sent.join("");
    expect(bytes.match(/^HPUB /gm)).toHaveLength(50);
    expect(bytes.match(/^PING\r$/gm)).toHaveLength(1);
    expect(bytes.endsWith("PING\r\n")).toBe(true);
    await publisher.close();
    await link.close();
  });

  test("of actions go to the subjects of actions", async () => {
    await using consumer = await subscribe(nats.url, "*.actions.>");
    const publisher = createNatsPublisher(optionsFor(nats.port));
    const own = { queue: "actions", action: ACTION };
    await publisher.publish([sampleEvent("retried", own), sampleEvent("moved_to_poison", own)]);
    await publisher.close();
    await consumer.nc.flush();
    const subjects = consumer.received.map(({ subject }) => subject);
    expect(subjects).toEqual(["action_dlq.actions.retried", "action_dlq.actions.poison"]);
  });

  test("of a queue keep their order, also many and beside other queues", async () => {
    await using consumer = await subscribe(nats.url, "dlq.*.retried");
    const publisher = createNatsPublisher(optionsFor(nats.port));
    const queues = ["order-a", "order-b", "order-c"];
    await Promise.all(
      queues.map((queue) =>
        publisher.publish(ids(1_200, queue).map((id) => sampleEvent("retried", { id, queue }))),
      ),
    );
    await publisher.close();
    await consumer.nc.flush();
    for (const queue of queues) {
      const own = consumer.received.filter(({ body }) => body.queue_name === queue);
      expect(own.map(({ body }) => body.event_id)).toEqual(ids(1_200, queue));
      expect(own.map(({ headers }) => headers["ce-id"])).toEqual(ids(1_200, queue));
    }
  });
});

describe("a denied event", () => {
  const options = () =>
    optionsFor(withUsers.port, { secrets: { user: "limited", password: "secret-word" } });

  test("rejects, and nothing goes behind it, whatever was sent before", async () => {
    const user = { user: "any", pass: "any" };
    await using consumer = await subscribe(withUsers.url, "dlq.refused.>", user);
    const publisher = createNatsPublisher(options());
    const types = ["message_added", "retry_scheduled", "retry_failed", "retry_success"] as const;
    const events = types.map((type) => sampleEvent(type, { id: type, queue: "refused" }));
    const expected = 'permission denied for publish to "dlq.refused.retry_failed"';
    await expect(publisher.publish(events)).rejects.toThrow(expected);
    await consumer.nc.flush();
    expect(consumer.ids()).toEqual(["message_added", "retry_scheduled"]);
    await expect(publisher.publish(events)).rejects.toThrow(expected);
    await consumer.nc.flush();
    expect(consumer.ids().slice(2)).toEqual(["message_added", "retry_scheduled"]);
    await publisher.close();
  });

  test("is no matter of other queues", async () => {
    const publisher = createNatsPublisher(options());
    const refused = publisher.publish([sampleEvent("moved", { queue: "refused-2" })]);
    const others = publisher.publish([sampleEvent("retried", { queue: "allowed" })]);
    await expect(refused).rejects.toThrow('permission denied for publish to "dlq.refused-2.moved"');
    await others;
    await publisher.close();
  });

  test("that is larger than NATS takes rejects; those before it are there", async () => {
    await using small = await startTestNats({ jetstream: false, config: "max_payload: 1000" });
    await using consumer = await subscribe(small.url, ">");
    const publisher = createNatsPublisher(optionsFor(small.port));
    const note = "x".repeat(1_000);
    const sent = publisher.publish([
      sampleEvent("retried", { id: "a" }),
      sampleEvent("retried", { id: "b", note }),
      sampleEvent("retried", { id: "c" }),
    ]);
    await expect(sent).rejects.toThrow(
      /^event b of queue "orders" is too large, 1[56]\d\d bytes; raise max_payload of NATS, 1000$/,
    );
    await consumer.nc.flush();
    expect(consumer.ids()).toEqual(["a"]);
    await publisher.close();
  });

  test("that is one byte larger than NATS takes rejects with its size", async () => {
    await using small = await startTestNats({ jetstream: false, config: "max_payload: 2000" });
    const publisher = createNatsPublisher(optionsFor(small.port));
    const publish = (length: number) =>
      publisher.publish([sampleEvent("retried", { note: "x".repeat(length) })]);
    const { message } = (await publish(2_000).catch((error: Error) => error)) as Error;
    const fits = 4_000 - Number(/(\d+) bytes/.exec(message)?.[1]);
    await publish(fits);
    await expect(publish(fits + 1)).rejects.toThrow("is too large, 2001 bytes; raise");
    await publisher.close();
  });
});

describe("while NATS", () => {
  test("is down, events are refused with its address and why, and then go through", async () => {
    await using own = await startTestNats({ jetstream: false });
    const publisher = createNatsPublisher(optionsFor(own.port));
    await publisher.publish([sampleEvent("retried")]);
    await own.kill9();
    const refused = publisher.publish([sampleEvent("retried")]);
    await expect(refused).rejects.toThrow(
      new RegExp(`^NATS at nats://127.0.0.1:${own.port} does not answer: `),
    );
    await own.restart();
    await using consumer = await subscribe(own.url, ">");
    await until("an event goes through", () =>
      publisher.publish([sampleEvent("retried", { id: "later" })]).then(() => true, no),
    );
    await consumer.nc.flush();
    expect(consumer.ids()).toEqual(["later"]);
    await publisher.close();
  });

  test("was never there, `check` and events say so", async () => {
    const port = await freePort();
    const publisher = createNatsPublisher(optionsFor(port));
    const expected = `NATS at nats://127.0.0.1:${port} does not answer: connection refused; start NATS, or correct nats_url`;
    await expect(publisher.check()).rejects.toThrow(expected);
    await expect(publisher.publish([sampleEvent("retried")])).rejects.toThrow(expected);
    await publisher.close();
  });

  test("has become silent, a check says so", async () => {
    await using own = await startTestNats({ jetstream: false });
    const publisher = createNatsPublisher(optionsFor(own.port, { timeoutMs: 300 }));
    await publisher.check();
    own.pause();
    // It may still answer a check that begins at once.
    const error = await until("a failed check", () =>
      publisher.check().then(
        () => undefined,
        (failure: Error) => failure,
      ),
    );
    expect(error.message).toContain("does not answer within 0.3 s");
    await publisher.close();
  });

  test.each([
    ["sends nothing", "", "does not answer within 0.3 s"],
    ["sends no end of INFO", "x".repeat(40_000), "it sends no INFO: is it NATS?"],
  ])("%s, no connection stays open", async (_, text, why) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => {}));
      const send = () => {
        while (text !== "" && !socket.destroyed && socket.write(text)) {}
      };
      socket.on("drain", send).resume();
      send();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const publisher = createNatsPublisher(optionsFor(port, { timeoutMs: 300 }));
    for (let n = 0; n < 3; n++) await expect(publisher.check()).rejects.toThrow(why);
    await until("the end of all connections", () => sockets.size === 0 || undefined);
    await publisher.close();
    server.close();
  });

  test("accepts connections and is silent, events are refused in time", async () => {
    await using own = await startTestNats({ jetstream: false });
    own.pause();
    const publisher = createNatsPublisher(optionsFor(own.port, { timeoutMs: 300 }));
    const expected = `NATS at nats://127.0.0.1:${own.port} does not answer within 0.3 s`;
    await expect(publisher.publish([sampleEvent("retried")])).rejects.toThrow(expected);
    await publisher.close();
  });

  test("hangs, events are refused in time; sent again, their first copies are in order", async () => {
    await using own = await startTestNats({ jetstream: false });
    const publisher = createNatsPublisher(optionsFor(own.port, { timeoutMs: 300 }));
    await publisher.publish([sampleEvent("retried", { id: "before" })]);
    await using consumer = await subscribe(own.url, ">", { timeout: 60_000 });
    own.pause();
    const note = "x".repeat(100_000);
    const events = ids(400, "hung").map((id) => sampleEvent("retried", { id, note }));
    await expect(publisher.publish(events)).rejects.toThrow(/does not answer within 0.3 s$/);
    own.resume();
    let tries = 0;
    await until("the events go through", () => {
      tries++;
      return publisher.publish(events).then(() => true, no);
    });
    await publisher.publish([sampleEvent("retried", { id: "after" })]);
    await consumer.nc.flush();
    // The kernel had taken some for the server, which reads them beside the new connection.
    expect([...new Set(consumer.ids())]).toEqual([...ids(400, "hung"), "after"]);
    expect(consumer.ids().length).toBeLessThan(400 * tries + 300);
    await publisher.close();
  });
});

test("a closed publisher sends nothing more, and its calls reject", async () => {
  const publisher = createNatsPublisher(optionsFor(nats.port));
  const last = publisher.publish([sampleEvent("retried")]);
  await last;
  await publisher.close();
  await publisher.close();
  await expect(publisher.publish([sampleEvent("retried")])).rejects.toThrow("is closed");
  expect(await publisher.publish([])).toBeUndefined();
});
