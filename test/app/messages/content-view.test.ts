import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { ContentView } from "../../../src/app/messages/content-view.ts";
import { redactionOf } from "../../../src/core/redaction/redaction.ts";

const viewOf = (value: string, redact: readonly string[]) =>
  new ContentView(redactionOf(redact), {
    envelope: toBinary(
      EnvelopeSchema,
      create(EnvelopeSchema, { payload: { body: { case: "text", value } } }),
    ),
  });

const PAYLOAD = JSON.stringify({ card: "4111", items: Array.from({ length: 50_000 }, () => 1) });

it("reads a large message with other work in between", async () => {
  const view = viewOf(PAYLOAD, ["/card"]);
  let turns = 0;
  const count = () => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  await view.prepare();
  clearImmediate(counting);
  expect(turns).toBeGreaterThan(3);
  expect(view.redacted?.payload(PAYLOAD)).toBe(PAYLOAD.replace("4111", "[redacted]"));
  expect(view.hasHidden).toBe(true);
});

it("shows everything if its queue hides nothing", async () => {
  const view = viewOf(PAYLOAD, []);
  await view.prepare();
  expect(view.redacted).toBeUndefined();
  expect(view.hasHidden).toBe(false);
});

it("rejects damaged content", async () => {
  const view = new ContentView(redactionOf(["/card"]), { envelope: new Uint8Array([255]) });
  await expect(view.prepare()).rejects.toThrow();
});
