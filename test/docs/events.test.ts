// Compares docs/reference/events.md and docs/guides/publish-events.md with what is published.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withEventTypes } from "../../scripts/docs/event-types.mjs";
import { toCloudEvent, toGapEvent } from "../../src/codec/cloud-event.ts";
import { EVENT_TYPE_NAMES } from "../../src/core/event.ts";
import { createNatsPublisher } from "../../src/nats/nats-publisher.ts";
import { sampleEvent } from "../codec/events.ts";
import { manage, optionsFor } from "../nats/consumer.ts";
import { startTestNats } from "../support/nats.ts";
import { codesOf, fencesOf, readDocument, tableRows, withoutFences } from "./markdown.ts";

const PAGE = readDocument("docs/reference/events.md");
const GUIDE = readDocument("docs/guides/publish-events.md");
const schema = JSON.parse(readFileSync("docs/reference/events-v1.schema.json", "utf8"));

function jsonOf(info: string, page = PAGE): unknown {
  const fence = fencesOf(page).find((found) => found.info === `json ${info}`);
  return JSON.parse(fence?.text ?? "");
}

test("the table has each type, in order", () => {
  const types = tableRows(PAGE, "event").map(([event]) => codesOf(event ?? "")[0]);
  expect(types).toEqual(EVENT_TYPE_NAMES);
});

test.each(withEventTypes())(
  "$file has the comments of the contract: `npm run generate` writes them",
  ({ file, text }) => {
    expect(readDocument(file)).toBe(text);
  },
);

test("the sample is what is published", () => {
  const more = { sourceId: "", attributes: {}, note: "" };
  const body = JSON.parse(toCloudEvent(sampleEvent("retry_failed", more)).body);
  expect(jsonOf("event")).toEqual(body);
});

test("the notice of a gap is what is published", () => {
  const { atMs } = sampleEvent("retry_failed");
  const gap = {
    ...{ id: "0a1v9u-1c-7-17-missed-orders", queue: "orders", atMs, missed: 1_204, undone: 0 },
    ...{ afterMs: Date.UTC(2026, 10, 28, 18), untilMs: Date.UTC(2026, 10, 29, 9, 5) },
  };
  expect(jsonOf("gap")).toEqual(JSON.parse(toGapEvent(gap).body));
});

test("every field of the schema is on the page", () => {
  const inSample = Object.keys(jsonOf("event") as object);
  const named = [...codesOf(withoutFences(PAGE)), ...inSample];
  const fields = Object.keys(schema.$defs.event.properties);
  expect(fields.filter((name) => !named.includes(name))).toEqual([]);
});

test("the stream is the one that the service creates", async () => {
  await using nats = await startTestNats();
  const publisher = createNatsPublisher({ ...optionsFor(nats.port), stream: "DLQ" });
  await publisher.check();
  await using jsm = await manage(nats.url);
  expect((await jsm.streams.info("DLQ")).config).toMatchObject(jsonOf("stream", GUIDE) as object);
  await publisher.close();
});
