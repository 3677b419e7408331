// `npm run demo -- --nats`: the events of a run, as another program gets them, and as the summary counts them.

import { stripVTControlCharacters } from "node:util";
import { headers } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { watchCommand } from "../../examples/demo/nats.ts";
import { completenessOf } from "../../examples/demo/summary.ts";
import { openTally } from "../../examples/demo/tally.ts";
import { type Received, subscribe } from "../nats/consumer.ts";
import { startTestNats } from "../support/nats.ts";
import { until } from "../support/until.ts";
import { isRunning, runDemo } from "./demo-run.ts";

/** Mail is down for more than 5 s, so that its breaker opens on a slow machine, too. */
const ARGS = ["--seconds", "8", "--seed", "3", "--nats"];

/** The worker releases what fails while the breaker is open: the attempt does not count. */
const RECOVERED =
  /^message_added retry_scheduled (?:retry_failed retry_scheduled |released )*retry_success$/;

/** Message -> the types of its events in their order, as one text. */
function lives(received: readonly Received[], queue: string): string[] {
  const types = new Map<unknown, string[]>();
  for (const { body } of received) {
    if (body.queue_name !== queue || body.event_type === "group_opened") continue;
    types.set(body.message_id, [...(types.get(body.message_id) ?? []), String(body.event_type)]);
  }
  types.delete(null);
  return [...types.values()].map((life) => life.join(" "));
}

function breakerEvents(received: readonly Received[]): string {
  const types = received.map(({ body }) => `${body.queue_name}.${body.event_type}`);
  return types.filter((type) => type.includes(".breaker_")).join(" ");
}

/** Type -> events. */
function countsOf(received: readonly Received[]): Record<string, number> {
  const types = received.map(({ body }) => String(body.event_type));
  const groups = [...Map.groupBy(types, (type) => type)];
  return Object.fromEntries(groups.map(([type, events]) => [type, events.length]));
}

/** The same, as the summary shows them. */
function shownCounts(output: string): Record<string, number> {
  const [, shown = ""] = /^events: ([\s\S]*?)\n\S+ of the/m.exec(output) ?? [];
  const parts = shown.split(/,\s+/).map((part) => part.split(" "));
  return Object.fromEntries(parts.map(([count, type]) => [type, Number(count)]));
}

test("the events of each order come in order, a breaker opens and closes, and the summary counts all", async () => {
  await using nats = await startTestNats({ jetstream: false });
  await using consumer = await subscribe(nats.url, "dlq.>");
  const { received } = consumer;
  const run = await runDemo([...ARGS, nats.url]);
  expect(await run.ended).toBe(0);
  const output = run.output();
  const counts = shownCounts(output);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  await until("all events", () => received.length >= total || undefined);

  const failedOnce = "retry_scheduled retry_failed";
  const coupon = `message_added ${failedOnce} ${failedOnce} ${failedOnce} moved_to_poison`;
  expect(lives(received, "coupons")).toEqual(Array(4).fill(coupon));
  expect(lives(received, "invoices")).toEqual(Array(8).fill("message_added moved_to_poison"));
  for (const queue of ["payments", "shipping", "stock", "mail"]) {
    for (const life of lives(received, queue)) {
      expect(life, queue).toMatch(RECOVERED);
    }
  }
  expect(breakerEvents(received)).toMatch(
    /^(mail\.breaker_opened mail\.breaker_half_opened )+mail\.breaker_closed$/,
  );
  expect(output).toMatch(
    /\*\*\* mail: the breaker is open[\s\S]*\*\*\* mail: the breaker has closed/,
  );

  expect(counts).toEqual(countsOf(received));
  expect(output).toMatch(/\b12 moved_to_poison \(dlq\.\*\.poison\)/);
  expect(output).toContain(`Each of the ${counts.message_added} messages has its message_added`);
  expect(output).toContain(`, ${counts.message_added} became dead letters`);
  const [, next = ""] = output.split("What next?");
  expect(next).toContain("npm start");
  expect(next).not.toContain("--nats");
});

test("without a URL, the demo starts a nats-server, shows how to watch it, and ends it", async () => {
  const run = await runDemo(ARGS, { onTerminal: true, env: { TERM: "xterm-256color" } });
  const [, url = ""] = await run.untilOutput(/ {2}nats sub --server (nats:\S+) 'dlq\.>'/);
  await run.untilOutput(new RegExp(`  nats sub --server ${url} 'dlq\\.coupons\\.>'`));
  await using consumer = await subscribe(url, "dlq.>");
  await run.untilOutput(new RegExp(`Events: nats sub --server ${url} 'dlq\\.>'`));
  await until("an event", () => consumer.received.length > 0 || undefined);
  const started = run.descendants();
  run.type("\x03");
  expect(await run.ended).toBe(130);
  expect(started.filter(isRunning)).toEqual([]);
  expect(await run.leftovers()).toEqual([]);
  const lines = run
    .output()
    .replaceAll("\x1b[H", "\n")
    .split(/\r?\n/)
    .map(stripVTControlCharacters);
  expect(lines.filter((line) => line.length > 79)).toEqual([]);
  expect(run.output()).toMatch(/^events: \d+ /m);
});

test("the count names messages whose arrival or end has no event, and counts an event once", async () => {
  await using nats = await startTestNats({ jetstream: false });
  await using tally = await openTally(nats.url);
  await using producer = await subscribe(nats.url, "unused");
  const publish = (id: string, type: string, message: string) => {
    const event = headers();
    event.set("ce-id", id);
    event.set("ce-type", `dlq.v1.${type}`);
    if (message !== "") event.set("ce-subject", message);
    producer.nc.publish(`dlq.mail.${type}`, "{}", { headers: event });
  };
  publish("1", "message_added", "complete");
  publish("2", "message_added", "endless");
  publish("3", "retry_success", "unannounced");
  publish("4", "message_added", "of another shop");
  publish("5", "breaker_opened", "");
  publish("5", "breaker_opened", "");
  producer.nc.publish("dlq.mail.message_added", "of no dlq-service");
  publish("6", "retry_success", "complete");
  await tally.settle(["complete"], AbortSignal.timeout(60_000));

  const ids = ["complete", "endless", "unannounced", "silent"];
  expect(tally.missing(ids)).toEqual(["endless", "unannounced", "silent"]);
  expect([...tally.counts(ids)]).toEqual([
    ["message_added", 2],
    ["retry_success", 2],
    ["breaker_opened", 1],
  ]);
  expect(completenessOf(4, tally.missing(ids))).toBe(
    "3 of 4 messages have no message_added or no end: endless, unannounced, silent\n",
  );
});

test("the command that shows events requires TLS where the URL does, and has no credentials", () => {
  expect(watchCommand("nats://user:secret@a,nats://b:4223")).toBe(
    "nats sub --server nats://a:4222,nats://b:4223 'dlq.>'",
  );
  expect(watchCommand("tls://a:4222", "dlq.mail.>")).toBe(
    "nats sub --server tls://a:4222 'dlq.mail.>'",
  );
});

test("a wrong URL is reported, and nothing is started", async () => {
  const run = await runDemo(["--nats", "http://127.0.0.1:4222"]);
  expect(await run.ended).toBe(2);
  expect(run.output()).toMatch(/--nats: the value has the scheme http/);
  expect(await run.leftovers()).toEqual([]);
});
