// A queue's transforms on messages whose attempt failed.

import { beforeEach, describe, expect, it, test } from "vitest";
import { createAck } from "../../../src/app/ack.ts";
import type { FailureRecord, OutcomeCommand } from "../../../src/app/commands.ts";
import { SessionRegistry } from "../../../src/app/delivery/session-registry.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import type { Transform } from "../../../src/core/transform/transform.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { Claimed } from "../../../src/store/contract.ts";
import { tokenOf } from "../../support/delivery.ts";
import {
  envelope,
  mergeAttributes,
  mergePayload,
  patchPayload,
  readEdits,
} from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
let transforms: readonly Transform[];
let warned: object[];
let refused: string[];
let ack: ReturnType<typeof createAck>;
beforeEach(() => {
  transforms = [];
  warned = [];
  refused = [];
  const warn = (facts: object) => void warned.push(facts);
  const { store, clock } = at.current;
  ack = createAck({
    store,
    settingsOf: () => ({ ...DEFAULT_QUEUE_SETTINGS, maxRetries: 4, transforms }),
    random: () => 0.5,
    now: () => clock.nowMs,
    observer: { ...NO_METRICS, transformsRefused: (queue) => void refused.push(queue) },
    registry: new SessionRegistry(store.hints),
    log: { isLevelEnabled: () => false, debug() {}, info() {}, warn },
  });
});

const send = (payload: string) =>
  at.current.store.send(QUEUE, [item({ envelope: envelope(payload, { a: "1" }) })], SETTINGS);

async function claim(): Promise<Claimed> {
  await at.current.clock.advance(3_600_000);
  return only((await at.current.tick(QUEUE, [session(1)])).claimed);
}

const failure: FailureRecord = {
  reason: "TIMEOUT",
  ...{
    type: "",
    message: "",
    stackTrace: "",
    fingerprint: "",
    grpcCode: undefined,
    httpStatus: undefined,
    attributes: {},
  },
  encode: () => new Uint8Array(8),
};
const failed = (claimed: Claimed, nonRetryable = false): OutcomeCommand => ({
  ...{ kind: "failed", token: tokenOf(claimed), failure },
  ...{ retryAfterMs: undefined, nonRetryable },
});

const payloadOf = ({ edits }: Claimed) =>
  edits === undefined ? undefined : readEdits(edits).payload?.body.value;

test("after a failed attempt the edited message is delivered, with each transform applied once", async () => {
  transforms = [patchPayload({ op: "add", path: "/tags/-", value: 1 })];
  await send('{"tags":[]}');
  const first = await claim();
  expect(first.edits).toBeUndefined();
  await ack("", [failed(first)]);
  const second = await claim();
  expect(payloadOf(second)).toBe('{"tags":[1]}');
  expect(readEdits(second.edits).edits).toMatchObject([{ who: "queue orders" }]);
  await ack("", [failed(second)]);
  const third = await claim();
  expect(payloadOf(third)).toBe('{"tags":[1]}');
  expect(readEdits(third.edits).applied).toHaveLength(1);
  transforms = [...transforms, mergeAttributes({ a: null })];
  await ack("", [failed(third)]);
  expect(readEdits((await claim()).edits)).toMatchObject({
    attributesEdited: true,
    attributes: {},
  });
});

test("a message that is quarantined is not edited", async () => {
  transforms = [mergePayload({ n: 1 })];
  await send("{}");
  await ack("", [failed(await claim(), true)]);
  const dump = await at.current.dump(QUEUE);
  expect([...dump.messages.values()]).toMatchObject([{ state: "QUARANTINED", edited: false }]);
});

describe("a message that can't be edited", () => {
  it("is retried unchanged, and the log says why", async () => {
    transforms = [mergePayload({ n: 1 })];
    await send("no json");
    expect(await ack("", [failed(await claim())])).toMatchObject([{ state: "SCHEDULED" }]);
    expect((await claim()).edits).toBeUndefined();
    expect(warned).toMatchObject([{ queue: QUEUE, why: expect.stringContaining("NOT_JSON") }]);
  });

  it("does not prevent edits of other messages", async () => {
    transforms = [mergePayload({ n: 1 })];
    await send("no json");
    await send("{}");
    const { claimed } = await at.current.tick(QUEUE, [session(1)]);
    await ack(
      "",
      claimed.map((one) => failed(one)),
    );
    await at.current.clock.advance(3_600_000);
    const next = (await at.current.tick(QUEUE, [session(1)])).claimed;
    expect(next.map(payloadOf).toSorted()).toEqual(['{"n":1}', undefined]);
  });
});

test("a repeated ack edits nothing more", async () => {
  transforms = [patchPayload({ op: "add", path: "/tags/-", value: 1 })];
  await send('{"tags":[]}');
  const first = await claim();
  const answer = await ack("r", [failed(first)]);
  const before = await at.current.dump(QUEUE);
  transforms = [mergePayload({ n: 1 })];
  expect(await ack("r", [failed(first)])).toEqual(answer);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a call reads only as much as it may edit, and retries all messages", {
  timeout: 30_000,
}, async () => {
  const MIB = 1024 * 1024;
  const [count, most] = [24, 16];
  transforms = [mergePayload({ n: 1 })];
  const { store } = at.current;
  const payload = JSON.stringify({ x: "x".repeat(MIB - 2_048) });
  const one = item({ envelope: envelope(payload, {}) });
  for (let n = 0; n < count; n++) await store.send(QUEUE, [one], SETTINGS);
  await at.current.clock.advance(3_600_000);
  const claimed: Claimed[] = [];
  while (claimed.length < count) {
    claimed.push(...(await at.current.tick(QUEUE, [session(1)])).claimed);
  }
  let read = 0;
  const { messages } = store;
  const contents = messages.contents.bind(messages);
  messages.contents = async (...args) => {
    const page = await contents(...args);
    if (Array.isArray(page)) for (const found of page) read += found?.envelope.length ?? 0;
    return page;
  };
  const results = await ack(
    "",
    claimed.map((each) => failed(each)),
  );
  expect(results.every(({ state }) => state === "SCHEDULED")).toBe(true);
  expect(refused).toHaveLength(count - most);
  // A page has a few MiB.
  expect(read).toBeLessThan((most + 5) * MIB);
});
