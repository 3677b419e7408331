// Publishing to a stream of JetStream, of a real nats-server.

import { RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DlqEvent } from "../../src/core/event.ts";
import { createNatsPublisher } from "../../src/nats/nats-publisher.ts";
import { ACTION, sampleEvent } from "../codec/events.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { until } from "../support/until.ts";
import { manage, optionsFor, storedIds } from "./consumer.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.stop());

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const LONG = "x".repeat(3_000);
const eventsOf = (names: readonly string[], more: Partial<DlqEvent> = {}) =>
  names.map((id) => sampleEvent("retried", { id, ...more }));

/** An admin, and a user with limited permissions. */
const configWithUser = (permissions: string) => `
  authorization { users = [
    { user: admin, password: admin },
    { user: limited, password: secret-word, permissions: ${permissions} },
  ] }`;

/** A stream with prefixes of its own, so that tests share a server. */
function own(name: string, port = nats.port) {
  const prefixes = { events: name, actionEvents: `action_${name}` };
  return optionsFor(port, { prefixes, stream: name });
}

describe("the stream", () => {
  test("is created if it does not exist, and loses nothing silently", async () => {
    await using jsm = await manage(nats.url);
    const publisher = createNatsPublisher(own("created"));
    await publisher.check();
    const { config } = await jsm.streams.info("created");
    expect(config).toMatchObject({
      subjects: ["created.>", "action_created.>"],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: "new",
      allow_atomic: true,
      duplicate_window: nanos(120_000),
      max_age: nanos(7 * 24 * 3_600_000),
      max_msgs: -1,
      max_bytes: -1,
      max_msgs_per_subject: -1,
    });
    await publisher.close();
  });

  test("is used as it is if it exists, also by several servers at once", async () => {
    await using jsm = await manage(nats.url);
    await jsm.streams.add({ name: "existing", subjects: ["existing.*.retried"] });
    const before = (await jsm.streams.info("existing")).config;
    const publishers = [1, 2, 3].map(() => createNatsPublisher(own("existing")));
    await Promise.all(
      publishers.map((publisher, i) =>
        publisher.publish(eventsOf(ids(5, `server-${i}`), { queue: `q${i}` })),
      ),
    );
    expect((await jsm.streams.info("existing")).config).toEqual(before);
    expect(await storedIds(jsm, "existing")).toHaveLength(15);
    await Promise.all(publishers.map((publisher) => publisher.close()));
  });

  test("is created by several servers at once", async () => {
    const publishers = [1, 2, 3, 4].map(() => createNatsPublisher(own("race")));
    await Promise.all(publishers.map((publisher) => publisher.check()));
    await Promise.all(publishers.map((publisher) => publisher.close()));
  });

  test("is looked for by each check, and created again if it was deleted", async () => {
    await using jsm = await manage(nats.url);
    const publisher = createNatsPublisher(own("checked"));
    await publisher.check();
    await jsm.streams.delete("checked");
    await jsm.streams.add({ name: "other", subjects: ["checked.>"] });
    await expect(publisher.check()).rejects.toThrow("stream other takes subjects");
    await jsm.streams.delete("other");
    await publisher.check();
    expect((await jsm.streams.info("checked")).config.subjects).toContain("checked.>");
    await publisher.close();
  });

  test("that was created, or that can lose events, is logged once", async () => {
    await using jsm = await manage(nats.url);
    const lines: object[] = [];
    const log = {
      warn: (facts: object, message: string) => void lines.push({ ...facts, message }),
    };
    const created = createNatsPublisher(own("logged"), log);
    await created.check();
    await created.check();
    const subjects = ["loses.>", "action_loses.>"];
    const limits = { max_msgs: 80, discard: "old" as const };
    await jsm.streams.add({ name: "loses", subjects, ...limits });
    const loses = createNatsPublisher(own("loses"), log);
    await loses.check();
    await loses.check();
    expect(lines).toEqual([
      {
        ...{ stream: "logged", subjects: ["logged.>", "action_logged.>"] },
        ...{ replicas: 1, maxAgeDays: 7 },
        message:
          "the stream did not exist and was created: to choose its replicas and limits, edit it",
      },
      {
        stream: "loses",
        problems: [
          "a full stream removes its oldest events; run nats stream edit loses --discard new",
        ],
        message: "the configuration of the stream can lose or refuse events",
      },
    ]);
    expect(created.warnings).toEqual([]);
    expect(loses.warnings).toEqual([expect.stringContaining("removes its oldest events")]);
    await Promise.all([created.close(), loses.close()]);
  });

  test("that was created again is logged, by a server or somebody else", async () => {
    await using jsm = await manage(nats.url);
    const lines: object[] = [];
    const publisher = createNatsPublisher(own("again"), {
      warn: (facts: object, message: string) => void lines.push({ ...facts, message }),
    });
    await publisher.check();
    lines.length = 0;
    const { created, config } = await jsm.streams.info("again");
    const logged = async () => {
      await publisher.check();
      await publisher.check();
      const info = await jsm.streams.info("again");
      const facts = { stream: "again", created: new Date(info.created).toISOString() };
      const message = "the stream was created again: events that were in it are gone";
      return { ...facts, message };
    };
    await jsm.streams.delete("again");
    const byServer = await logged();
    await jsm.streams.delete("again");
    await jsm.streams.add(config);
    const byOperator = await logged();
    expect(lines).toMatchObject([byServer, byOperator]);
    expect(publisher.warnings).toEqual([
      expect.stringContaining(`stream again was created again at ${byOperator.created}`),
    ]);
    expect(byServer.created > new Date(created).toISOString()).toBe(true);
    await publisher.close();
  });

  test("that does not take all events fails each check until it does; what it takes is published", async () => {
    await using jsm = await manage(nats.url);
    await jsm.streams.add({ name: "partial", subjects: ["partial.>"] });
    const publisher = createNatsPublisher(own("partial"));
    const expected = `stream partial does not take "action_partial.>": nats stream edit partial --subjects 'action_partial.>,partial.>'`;
    await expect(publisher.check()).rejects.toThrow(expected);
    await publisher.publish(eventsOf(["a"]));
    const refused = publisher.publish(eventsOf(["b"], { action: ACTION }));
    await expect(refused).rejects.toThrow(expected);
    await jsm.streams.update("partial", { subjects: ["action_partial.>", "partial.>"] });
    await publisher.check();
    expect(await storedIds(jsm, "partial")).toEqual(["a"]);
    await publisher.close();
  });

  test("that does not answer a check in time still gets events by the same connection", async () => {
    let connections = 0;
    const count = () => {
      connections++;
      return { up() {}, down: () => true };
    };
    const link = await LinkProxy.open(() => [{ port: nats.port }], count);
    const publisher = createNatsPublisher({
      ...own("late"),
      servers: [link.address],
      timeoutMs: 1_000,
    });
    await publisher.publish(eventsOf(["a"]));
    link.set({ stalled: true });
    await expect(publisher.check()).rejects.toThrow("does not answer within 1 s");
    link.clear();
    await publisher.publish(eventsOf(["b"]));
    await publisher.check();
    expect(connections).toBe(1);
    await publisher.close();
    await link.close();
  });

  test("is created again after it was deleted", async () => {
    await using jsm = await manage(nats.url);
    const publisher = createNatsPublisher(own("deleted"));
    await publisher.publish(eventsOf(["a"]));
    await jsm.streams.delete("deleted");
    const refused = publisher.publish(eventsOf(["b"]));
    const expected =
      'no stream takes the subject "deleted.orders.retried": stream deleted must exist, with it among its subjects';
    await expect(refused).rejects.toThrow(expected);
    await publisher.publish(eventsOf(["b"]));
    expect(await storedIds(jsm, "deleted")).toEqual(["b"]);
    await publisher.close();
  });
});

describe.each([
  ["in batches", { allow_atomic: true }],
  ["one by one", {}],
])("events %s", (how, config) => {
  const name = how.replaceAll(" ", "_");

  test("are stored in their order, once, however often and however overlapping they are sent", async () => {
    await using jsm = await manage(nats.url);
    const stream = `order_${name}`;
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], ...config });
    const publisher = createNatsPublisher(own(stream));
    const all = ids(1_300, "e");
    await publisher.publish(eventsOf(all.slice(0, 700)));
    await publisher.publish(eventsOf(all.slice(0, 700)));
    await publisher.publish(eventsOf(all.slice(650)));
    expect(await storedIds(jsm, stream)).toEqual(all);
    await publisher.close();
  });

  test("of many queues at once keep the order of each queue", async () => {
    await using jsm = await manage(nats.url);
    const stream = `queues_${name}`;
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], ...config });
    const publisher = createNatsPublisher(own(stream));
    const queues = ids(20, "q");
    await Promise.all(
      queues.map((queue) => publisher.publish(eventsOf(ids(60, queue), { queue }))),
    );
    const stored = await storedIds(jsm, stream);
    for (const queue of queues) {
      expect(stored.filter((id) => String(id).startsWith(`${queue}-`))).toEqual(ids(60, queue));
    }
    await publisher.close();
  });

  test("behind one that is too large are not stored, those before it are", async () => {
    await using jsm = await manage(nats.url);
    const stream = `large_${name}`;
    const limit = { max_msg_size: 2_000 };
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], ...limit, ...config });
    const publisher = createNatsPublisher(own(stream));
    const events = eventsOf(ids(100, "e"));
    const sent = publisher.publish(events.with(70, sampleEvent("retried", { note: LONG })));
    const expected = `^event \\S+-1c-\\S+ of queue "orders" is too large, 3[67]\\d\\d bytes; raise max_msg_size of stream ${stream}$`;
    await expect(sent).rejects.toThrow(new RegExp(expected));
    expect(await storedIds(jsm, stream)).toEqual(ids(70, "e"));
    await publisher.close();
  });

  test("of which one is a byte too large are refused with its size", async () => {
    await using jsm = await manage(nats.url);
    const stream = `byte_${name}`;
    const limit = { max_msg_size: 2_000 };
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], ...limit, ...config });
    const publisher = createNatsPublisher(own(stream));
    const publish = (length: number) =>
      publisher.publish([sampleEvent("retried", { note: "x".repeat(length) })]);
    const { message } = (await publish(2_000).catch((error: Error) => error)) as Error;
    const fits = 4_000 - Number(/(\d+) bytes/.exec(message)?.[1]);
    await publish(fits);
    await expect(publish(fits + 1)).rejects.toThrow("is too large, 2001 bytes; raise");
    await publisher.close();
  });

  test("are refused by a full stream, which says so and takes them when it has room", async () => {
    await using jsm = await manage(nats.url);
    const stream = `full_${name}`;
    const limits = { max_msgs: 80, discard: "new" as const };
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], ...limits, ...config });
    const publisher = createNatsPublisher(own(stream));
    const events = eventsOf(ids(100, "e"));
    const expected = `stream ${stream} is full: maximum messages exceeded; raise its max_bytes or max_msgs, or shorten max_age`;
    await expect(publisher.publish(events)).rejects.toThrow(expected);
    expect(await storedIds(jsm, stream)).toEqual(ids(80, "e"));
    await jsm.streams.update(stream, { max_msgs: 200 });
    await publisher.publish(events);
    expect(await storedIds(jsm, stream)).toEqual(ids(100, "e"));
    await publisher.close();
  });
});

test("events of actions are stored in the same stream", async () => {
  await using jsm = await manage(nats.url);
  const publisher = createNatsPublisher(own("both"));
  await publisher.publish([
    ...eventsOf(["a"]),
    ...eventsOf(["b"], { action: ACTION }),
    ...eventsOf(["c"]),
  ]);
  expect(await storedIds(jsm, "both")).toEqual(["a", "b", "c"]);
  await publisher.close();
});

describe("errors", () => {
  test("another stream takes the subject", async () => {
    await using jsm = await manage(nats.url);
    await jsm.streams.add({ name: "first", subjects: ["taken.>"] });
    await jsm.streams.add({ name: "second", subjects: ["other.>"] });
    const prefixes = { events: "taken", actionEvents: "other" };
    const publisher = createNatsPublisher(optionsFor(nats.port, { prefixes, stream: "second" }));
    const refused = publisher.publish(eventsOf(["a"]));
    const expected =
      'another stream than second takes the subject "taken.orders.retried"; set nats_stream to that one, or other prefixes';
    await expect(refused).rejects.toThrow(expected);
    expect(await storedIds(jsm, "first")).toEqual([]);
    await publisher.close();
  });

  test("another stream has the subjects of a stream to create", async () => {
    await using jsm = await manage(nats.url);
    await jsm.streams.add({ name: "older", subjects: ["overlap.orders.>"] });
    const prefixes = { events: "overlap", actionEvents: "action_overlap" };
    const publisher = createNatsPublisher(optionsFor(nats.port, { prefixes, stream: "newer" }));
    const expected =
      'stream newer cannot be created: stream older takes subjects of "overlap.>"; set nats_stream to older, or other prefixes';
    await expect(publisher.check()).rejects.toThrow(expected);
    await publisher.close();
  });

  test("JetStream is not enabled", async () => {
    await using without = await startTestNats({ jetstream: false });
    const publisher = createNatsPublisher(own("any", without.port));
    const expected = `JetStream is not enabled in NATS at nats://127.0.0.1:${without.port}; enable it, or leave out nats_stream`;
    await expect(publisher.check()).rejects.toThrow(expected);
    await publisher.close();
  });

  test("a user may publish, and not look at streams", async () => {
    const permissions = `{ publish: { allow: ["limited.*.retried"] }, subscribe: ["_INBOX.>"] }`;
    const config = configWithUser(permissions);
    await using withUsers = await startTestNats({ config });
    await using jsm = await manage(`nats://127.0.0.1:${withUsers.port}`, "admin");
    await jsm.streams.add({ name: "limited", subjects: ["limited.>"], allow_atomic: true });
    const secrets = { user: "limited", password: "secret-word" };
    const prefixes = { events: "limited", actionEvents: "action_limited" };
    const given = optionsFor(withUsers.port, { secrets, prefixes, stream: "limited" });
    const publisher = createNatsPublisher(given);
    await publisher.publish(eventsOf(ids(60, "e")));
    const refused = publisher.publish([...eventsOf(["f"]), sampleEvent("moved", { id: "g" })]);
    const expected =
      'permission denied for publish to "limited.orders.moved"; allow it to this user';
    await expect(refused).rejects.toThrow(expected);
    expect(await storedIds(jsm, "limited")).toEqual([...ids(60, "e"), "f"]);
    await publisher.close();
  });

  test("a user may look at streams, and not create them", async () => {
    const permissions = `{ publish: { deny: ["$JS.API.STREAM.CREATE.>"] } }`;
    const config = configWithUser(permissions);
    await using withUser = await startTestNats({ config });
    const secrets = { user: "limited", password: "secret-word" };
    const publisher = createNatsPublisher(optionsFor(withUser.port, { secrets, stream: "DLQ" }));
    const expected =
      'permission denied for publish to "$JS.API.STREAM.CREATE.DLQ"; allow it to this user, or create the stream';
    await expect(publisher.check()).rejects.toThrow(expected);
    await expect(publisher.publish(eventsOf(["a"]))).rejects.toThrow(expected);
    await publisher.close();
  });

  test("a user may not get answers", async () => {
    const permissions = `{ subscribe: { deny: [">"] } }`;
    const config = configWithUser(permissions);
    await using withUser = await startTestNats({ config });
    const secrets = { user: "limited", password: "secret-word" };
    const publisher = createNatsPublisher(optionsFor(withUser.port, { secrets, stream: "DLQ" }));
    const refused = publisher.publish(eventsOf(["a"]));
    await expect(refused).rejects.toThrow(
      /^permission denied for subscription of "_INBOX\..*; allow this user to subscribe to "_INBOX.>"$/,
    );
    await publisher.close();
  });

  test("a batch has a denied event: nothing after it is stored", async () => {
    const permissions = `{ publish: { deny: ["denied.*.moved"] } }`;
    const config = configWithUser(permissions);
    await using withUsers = await startTestNats({ config });
    await using jsm = await manage(`nats://127.0.0.1:${withUsers.port}`, "admin");
    const secrets = { user: "limited", password: "secret-word" };
    const prefixes = { events: "denied", actionEvents: "action_denied" };
    const given = optionsFor(withUsers.port, { secrets, prefixes, stream: "denied" });
    const publisher = createNatsPublisher(given);
    const refused = publisher.publish(eventsOf(ids(100, "e")).with(70, sampleEvent("moved")));
    const expected = 'permission denied for publish to "denied.orders.moved"';
    await expect(refused).rejects.toThrow(expected);
    expect(await storedIds(jsm, "denied")).toEqual(ids(70, "e"));
    await publisher.close();
  });
});

describe("while NATS", () => {
  test("is killed again and again, nothing is lost, repeated or out of order", async () => {
    await using killed = await startTestNats();
    const publisher = createNatsPublisher(own("killed", killed.port));
    const queues = ["a", "b", "c"];
    let published = 0;
    let isOver = false;
    const killing = (async () => {
      for (let round = 0; round < 4; round++) {
        const enough = published + 300;
        await until("further events", () => published > enough);
        await killed.kill9();
        await killed.restart();
      }
      isOver = true;
    })();
    const sent = await Promise.all(
      queues.map(async (queue) => {
        let next = 0;
        while (!isOver) {
          const size = next % 2 === 0 ? 61 : 6;
          const names = Array.from({ length: size }, (_, i) => `${queue}-${next + i}`);
          const part = eventsOf(names, { queue });
          await until("events go through", () =>
            publisher.publish(part).then(
              () => true,
              () => false,
            ),
          );
          next += part.length;
          published += part.length;
        }
        return next;
      }),
    );
    await killing;
    await using jsm = await manage(killed.url);
    const stored = await storedIds(jsm, "killed");
    for (const [index, queue] of queues.entries()) {
      const ofQueue = stored.filter((id) => String(id).startsWith(`${queue}-`));
      expect(ofQueue).toEqual(ids(sent[index] ?? 0, queue));
    }
    await publisher.close();
  });

  test("hangs, events are refused in time, and are stored once when it is back", async () => {
    await using hung = await startTestNats();
    const publisher = createNatsPublisher({ ...own("hung", hung.port), timeoutMs: 300 });
    await publisher.publish(eventsOf(["before"]));
    hung.pause();
    const events = eventsOf(ids(60, "e"));
    const expected = /^stream hung in NATS at nats:\S+ does not answer within 0.3 s$/;
    await expect(publisher.publish(events)).rejects.toThrow(expected);
    hung.resume();
    await until("events go through", () =>
      publisher.publish(events).then(
        () => true,
        () => false,
      ),
    );
    await using jsm = await manage(hung.url);
    expect(await storedIds(jsm, "hung")).toEqual(["before", ...ids(60, "e")]);
    await publisher.close();
  });
});
