import { create, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { createAck } from "../../../src/app/ack.ts";
import { SessionRegistry } from "../../../src/app/delivery/session-registry.ts";
import { Mover } from "../../../src/app/rules/mover.ts";
import { encodeRetrySettings } from "../../../src/codec/retry-settings.ts";
import type { MessageRetry } from "../../../src/core/policy.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/settings.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import { MAX_HOPS } from "../../../src/rules/merge-actions.ts";
import { tokenOf } from "../../support/delivery.ts";
import { mergeAttributes, mergePayload, readEdits } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS, session } from "../../support/store-items.ts";
import { command, judgeOver, RuleRecorder, rule } from "./setup.ts";

const at = useTestStore();
let recorder: RuleRecorder;
let rules: ReturnType<typeof judgeOver>;
let settings: Record<string, Partial<QueueSettings>>;
let mover: Mover;
let ack: ReturnType<typeof createAck>;
beforeEach(() => {
  recorder = new RuleRecorder();
  rules = judgeOver(recorder);
  settings = {};
  const { store, clock } = at.current;
  const settingsOf = (queue: string) => ({ ...DEFAULT_QUEUE_SETTINGS, ...settings[queue] });
  mover = new Mover({ store, settingsOf, observer: recorder, log: recorder.log });
  ack = createAck({
    ...{ store, settingsOf, mover, log: recorder.log, rules: rules.judge },
    random: () => 0.5,
    now: () => clock.nowMs,
    observer: { ...NO_METRICS, ruleFailed: (rule) => recorder.ruleFailed(rule) },
    registry: new SessionRegistry(store.hints),
  });
});

const POLICY = { initialDelayMs: 1_000, jitter: "none", backoff: "fixed", maxRetries: 20 } as const;

async function send(queue: string, retry: MessageRetry = { policy: POLICY }) {
  const envelope = create(EnvelopeSchema, {
    payload: { body: { case: "text", value: "äö" }, contentType: "text/plain" },
    attributes: { host: "h1" },
    ...{ sourceId: "s", orderingKey: "o", priority: 5 },
    origin: { service: "shop", coordinates: { topic: "t" } },
  });
  const bytes = toBinary(EnvelopeSchema, envelope);
  const retrySettings = encodeRetrySettings(retry);
  await at.current.store.send(
    queue,
    [item({ envelope: bytes, priority: 5, retrySettings })],
    SETTINGS,
  );
}

/** Claims the due messages of this queue and reports failures. */
async function fail(queue: string, over: { nonRetryable?: boolean; httpStatus?: number } = {}) {
  await at.current.clock.advance(10_000);
  const claimed = only((await at.current.tick(queue, [session(1)])).claimed);
  const failure = { ...command().failure, httpStatus: over.httpStatus, attributes: { a: "1" } };
  const nonRetryable = over.nonRetryable ?? false;
  const word = { failure, nonRetryable, retryAfterMs: undefined };
  const [result] = await ack("", [{ kind: "failed", token: tokenOf(claimed), ...word }]);
  await mover.idle();
  return result;
}
const onFailure = (...args: Parameters<typeof rule>) =>
  rule(args[0], args[1], { event: "FAILURE", ...args[2] });
const messagesOf = async (queue: string) => [...(await at.current.dump(queue)).messages.values()];

describe("a failure rule", () => {
  test("sees the stored message and the failure of the attempt", async () => {
    const seen = [
      "message.queue == 'a' && message.attributes.host == 'h1' && message.payload_bytes == 4",
      "message.source_id == 's' && message.ordering_key == 'o' && message.priority == 5",
      "message.content_type == 'text/plain' && message.origin.service == 'shop'",
      "message.origin.coordinates.topic == 't' && failure.type == 'TimeoutError'",
      "failure.reason == 'TIMEOUT' && failure.attributes.a == '1' && failure.http_status == 404",
      "attempts == 1",
    ];
    const all = seen.map((when, n) =>
      onFailure(when, { priority: n }, { name: `r${n}`, proceed: true }),
    );
    rules.set(...all);
    await send("a");
    await fail("a", { httpStatus: 404 });
    expect(recorder.matched).toEqual(all.map(({ name }) => name));
  });

  test("quarantines, with its name in the outbox", async () => {
    rules.set(onFailure("failure.http_status == 410", { quarantine: true }, { name: "gone" }));
    await send("a");
    expect(await fail("a", { httpStatus: 410 })).toMatchObject({
      state: "QUARANTINED",
      quarantineReason: "RULE",
    });
    const { changes } = await at.current.dump("a");
    expect(changes.at(-1)).toMatchObject({ kind: "failed", note: "gone" });
  });

  test("drops a message, which counts as discarded", async () => {
    rules.set(onFailure("true", { drop: true }, { name: "drop-it" }));
    await send("a");
    expect(await fail("a")).toMatchObject({ state: "DISCARDED" });
    const { changes, counters } = await at.current.dump("a");
    expect(counters).toMatchObject({ accepted: 1, discarded: 1, failed_attempts: 1 });
    expect(changes.at(-1)).toMatchObject({ kind: "failed", note: "drop-it" });
  });

  test("sets priority and policy from now on; a later one replaces the policy", async () => {
    await send("a", {});
    const slow = { ...POLICY, initialDelayMs: 3_000 };
    rules.set(onFailure("attempts == 1", { priority: 9, retryPolicy: slow }));
    const due = async () => ((await fail("a"))?.dueAtMs ?? 0) - at.current.clock.nowMs;
    expect(await due()).toBe(3_000);
    expect(await messagesOf("a")).toMatchObject([{ priority: 9 }]);
    expect(await due()).toBe(3_000);
    const slower = { ...POLICY, initialDelayMs: 4_000 };
    rules.set(onFailure("true", { retryPolicy: slower }));
    expect(await due()).toBe(4_000);
    rules.set();
    expect(await due()).toBe(4_000);
  });

  test("moves the message, with the policy and limits of the other queue", async () => {
    settings = { b: { retryPolicies: {}, keyAttribute: "host", ordering: "key" } };
    rules.set(onFailure("true", { queue: "b" }, { name: "to-b" }));
    await send("a");
    expect(await fail("a")).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
    expect(await messagesOf("a")).toEqual([]);
    expect(await messagesOf("b")).toMatchObject([
      { attempts: 1, hops: 1, limiterKey: "h1", orderingKey: "o", state: "SCHEDULED" },
    ]);
    expect(recorder.moves).toEqual(["moved"]);
  });

  test("moves a message to the other queue's quarantine if it is not retried there", async () => {
    rules.set(onFailure("true", { queue: "b" }));
    await send("a");
    expect(await fail("a", { nonRetryable: true })).toMatchObject({
      state: "QUARANTINED",
      quarantineReason: "NON_RETRYABLE",
    });
    expect(await messagesOf("b")).toMatchObject([{ state: "QUARANTINED" }]);
  });

  test("keeps a message that the other queue refuses, with its own verdict", async () => {
    settings = { b: { maxBytes: 1 } };
    rules.set(onFailure("true", { queue: "b" }));
    await send("a");
    await fail("a");
    expect(await messagesOf("a")).toMatchObject([
      { state: "SCHEDULED", hops: 0, dueAtMs: at.current.clock.nowMs + 1_000 },
    ]);
    expect(recorder.moves).toEqual(["refused"]);
    expect(recorder.lines.at(-1)).toMatchObject({ facts: { target: "b", why: "FULL_BYTES" } });
  });

  test("that moves in a circle is ignored and counted after eight moves", async () => {
    rules.set(
      onFailure("message.queue == 'a'", { queue: "b" }, { name: "ab" }),
      onFailure("message.queue == 'b'", { queue: "a" }, { name: "ba" }),
    );
    await send("a");
    for (let n = 0; n < MAX_HOPS; n++) await fail(n % 2 === 0 ? "a" : "b");
    expect(await messagesOf("a")).toMatchObject([{ hops: MAX_HOPS, attempts: MAX_HOPS }]);
    expect(recorder.moves).toEqual(Array(MAX_HOPS).fill("moved"));
    await fail("a");
    await fail("a");
    expect(recorder.moves.slice(MAX_HOPS)).toEqual(["circle", "circle"]);
    expect(await messagesOf("a")).toMatchObject([{ hops: MAX_HOPS, attempts: MAX_HOPS + 2 }]);
    expect(await messagesOf("b")).toEqual([]);
    const warned = recorder.lines.filter(({ level }) => level === "warn");
    expect(warned).toMatchObject([{ facts: { rule: "ab", target: "b" } }]);
    const [a, b] = [(await at.current.dump("a")).counters, (await at.current.dump("b")).counters];
    expect([a.moved_out, a.moved_in, b.moved_out, b.moved_in]).toEqual([4, 4, 4, 4]);
  });
});

describe("transforms of a failure rule", () => {
  const moved = mergeAttributes({ host: "h2" });
  const editedOf = async (queue: string) =>
    (await messagesOf(queue)).map(({ state, edited }) => [state, edited]);

  test("edit the message for its next delivery and for later rules", async () => {
    rules.set(
      onFailure("message.attributes.host == 'h1'", { transforms: [moved] }, { name: "moved" }),
      onFailure("message.attributes.host == 'h2'", { priority: 9 }, { name: "seen" }),
    );
    await send("a");
    await fail("a");
    expect(await editedOf("a")).toEqual([["SCHEDULED", true]]);
    await fail("a");
    expect(recorder.matched).toEqual(["moved", "seen"]);
  });

  test("apply before those of the queue, and fail separately", async () => {
    settings = { a: { transforms: [mergeAttributes({ retried: "true" })] } };
    rules.set(onFailure("true", { transforms: [mergePayload({ n: 1 })] }, { name: "no-json" }));
    await send("a");
    await fail("a");
    await at.current.clock.advance(10_000);
    const { edits } = only((await at.current.tick("a", [session(1)])).claimed);
    expect(readEdits(edits).attributes).toEqual({ host: "h1", retried: "true" });
    expect(recorder.failed).toEqual(["no-json"]);
  });

  test("apply with a move, unlike the queue's own", async () => {
    settings = {
      a: { transforms: [mergeAttributes({ retried: "true" })] },
      b: { keyAttribute: "host" },
    };
    rules.set(onFailure("true", { queue: "b", transforms: [moved] }));
    await send("a");
    await fail("a");
    expect(await messagesOf("b")).toMatchObject([{ limiterKey: "h2" }]);
    await at.current.clock.advance(10_000);
    const { edits } = only((await at.current.tick("b", [session(1)])).claimed);
    expect(readEdits(edits).attributes).toEqual({ host: "h2" });
  });

  test("apply to quarantined messages too", async () => {
    rules.set(onFailure("true", { quarantine: true, transforms: [moved] }));
    await send("a");
    await fail("a");
    expect(await editedOf("a")).toEqual([["QUARANTINED", true]]);
  });
});
