// Whatever a payload and the setting, hiding its values takes a bounded time, and the text grows by a bounded size.

import { describe, expect, it } from "vitest";
import { RedactedMessage } from "../../../src/core/redaction/redacted-message.ts";
import { Redaction } from "../../../src/core/redaction/redaction.ts";
import { REDACTION_LIMITS } from "../../../src/core/redaction/redaction-budget.ts";

const messageOf = (entries: string[], payload: string) =>
  new RedactedMessage(new Redaction(entries), {
    ...{ payloads: [payload], attributes: [], patches: [] },
  });
const failureOf = (message: string) => ({
  ...{ message, stackTrace: "", attributes: {}, truncated: false },
});
const listOf = (count: number) => JSON.stringify({ items: Array.from({ length: count }, () => 1) });

describe("a payload with more hidden values than the limit", () => {
  it("is withheld as a whole, with the texts of its failures", () => {
    const payload = listOf(REDACTION_LIMITS.hiddenValues + 1);
    const message = messageOf(["/items/*"], payload);
    expect(message.payload(payload)).toBe("[redacted]");
    expect(message.failure(failureOf("bad")).message).toBe("[redacted]");
    expect(message.hidden).toContain("payload");
  });

  it("is shown up to the limit, little longer than it was", () => {
    const payload = listOf(REDACTION_LIMITS.hiddenValues);
    const shown = messageOf(["/items/*"], payload).payload(payload);
    expect(JSON.parse(shown as string).items[9]).toBe("[redacted]");
    expect(shown.length - payload.length).toBe(11 * REDACTION_LIMITS.hiddenValues);
  });

  it("is shown if one entry hides them all", () => {
    const payload = listOf(REDACTION_LIMITS.hiddenValues + 1);
    expect(messageOf(["/items"], payload).payload(payload)).toBe('{"items":"[redacted]"}');
  });
});

it("a patch with more hidden values than the limit is withheld", () => {
  const value = Array.from({ length: REDACTION_LIMITS.hiddenValues + 1 }, () => 1);
  const patch = JSON.stringify([{ op: "add", path: "/items", value }]);
  const message = messageOf(["/items/*"], "{}");
  expect(message.patch("PAYLOAD", patch)).toBe("[redacted]");
  expect(message.failure(failureOf("bad")).message).toBe("[redacted]");
});

it("a payload whose places need too many combinations of entries is withheld", () => {
  const tokensOf = (bits: number) =>
    Array.from({ length: 16 }, (_, level) => ((bits >> (level % 6)) & 1 ? "0" : "*"));
  const entries = Array.from({ length: 64 }, (_, bits) => `/${tokensOf(bits).join("/")}/z`);
  const deep = (levels: number): unknown =>
    levels === 0 ? 1 : [deep(levels - 1), deep(levels - 1)];
  const payload = JSON.stringify(deep(16));
  expect(messageOf(entries, payload).payload(payload).length).toBe("[redacted]".length);
  expect(messageOf(entries.slice(0, 2), payload).payload(payload) === payload).toBe(true);
});

it("a text that quotes values too often is withheld", () => {
  const payload = JSON.stringify({ v: "abcd" });
  const message = messageOf(["/v"], payload);
  expect(message.failure(failureOf("abcd ".repeat(10_001))).message).toBe("[redacted]");
  expect(message.failure(failureOf("abcd ")).message).toBe("[redacted] ");
});

it("reads a large message in several turns", async () => {
  const payload = listOf(100_000);
  let turns = 0;
  const source = { payloads: [payload], attributes: [], patches: [] };
  const redaction = new Redaction(["/items"]);
  const message = await RedactedMessage.paced(redaction, source, async () => {
    turns++;
  });
  expect(turns).toBeGreaterThan(1);
  expect(message.payload(payload)).toBe('{"items":"[redacted]"}');
  expect(message.hidden).toEqual(["/items"]);
  turns = 0;
  await RedactedMessage.paced(redaction, { ...source, payloads: ["{}"] }, async () => {
    turns++;
  });
  expect(turns).toBe(0);
});
