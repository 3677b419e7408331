import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { SendCommand, SendResult } from "../../../src/app/commands.ts";
import { createSend } from "../../../src/app/send.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/settings.ts";
import type { Transform } from "../../../src/core/transform/transform.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import {
  envelope,
  mergeAttributes,
  mergePayload,
  patchPayload,
  readEdits,
} from "../../support/edits.ts";
import { until, useTestStore } from "../../support/store.ts";
import { only, session } from "../../support/store-items.ts";
import { command, judgeOver, RuleRecorder, rule } from "./setup.ts";

const at = useTestStore();
let recorder: RuleRecorder;
let rules: ReturnType<typeof judgeOver>;
let settings: Record<string, Partial<QueueSettings>>;
beforeEach(() => {
  recorder = new RuleRecorder();
  rules = judgeOver(recorder);
  settings = {};
});

function sender(store = at.current.store) {
  return createSend({
    store,
    settingsOf: (queue) => ({ ...DEFAULT_QUEUE_SETTINGS, ...settings[queue] }),
    random: () => 0.5,
    now: () => at.current.clock.nowMs,
    observer: { ...NO_METRICS, ruleFailed: (rule) => recorder.ruleFailed(rule) },
    log: recorder.log,
    onDeleting() {},
    rules: rules.judge,
  });
}

async function send(over: Partial<SendCommand> = {}): Promise<SendResult> {
  const [result] = await sender()([command(over)]);
  if (result === undefined || result instanceof Error) throw result;
  return result;
}
const messagesOf = async (queue: string) => [...(await at.current.dump(queue)).messages.values()];

test("a batch whose rules take long lets other work run in between", async () => {
  rules.set(rule("true", { priority: 1 }));
  const judge = vi.spyOn(rules.judge, "judge").mockImplementation(() => {
    for (const until = performance.now() + 11; performance.now() < until; );
    return { matched: [], failed: [], action: {}, decidedBy: {}, edits: [] };
  });
  onTestFinished(() => judge.mockRestore());
  let judgedBefore = Number.NaN;
  setImmediate(() => {
    judgedBefore = judge.mock.calls.length;
  });
  await sender()(Array.from({ length: 5 }, () => command()));
  expect(judge).toHaveBeenCalledTimes(5);
  expect(judgedBefore).toBe(1);
});

describe("an arrival rule", () => {
  test("moves a message to another queue, with the settings of that queue", async () => {
    settings = { large: { ttlMs: 100_000, keyAttribute: "host", ordering: "key" } };
    rules.set(rule("true", { queue: "large" }, { name: "to-large" }));
    const attribute = (name: string) => (name === "host" ? "h1" : undefined);
    const result = await send({ attribute, orderingKey: "o" });
    expect(result).toMatchObject({ state: "SCHEDULED", queue: "large" });
    const stored = {
      limiterKey: "h1",
      orderingKey: "o",
      expireAtMs: at.current.clock.nowMs + 100_000,
    };
    expect(await messagesOf("large")).toMatchObject([stored]);
    expect(await messagesOf("orders")).toEqual([]);
    expect((await at.current.dump("large")).changes).toMatchObject([{ note: "to-large" }]);
  });

  test("has no effect on messages that it does not match", async () => {
    rules.set(rule("message.queue == 'others'", { queue: "large" }));
    const result = await send();
    expect(result.queue).toBeUndefined();
    expect(await messagesOf("orders")).toHaveLength(1);
  });

  test("quarantines, drops, and sets priority", async () => {
    rules.set(
      rule("message.source_id == 'q'", { quarantine: true }, { name: "set-aside" }),
      rule("message.source_id == 'd'", { drop: true }, { name: "drop-it" }),
      rule("message.source_id == 'p'", { priority: 9 }, { name: "first" }),
    );
    expect(await send({ sourceId: "q" })).toMatchObject({
      state: "QUARANTINED",
      quarantineReason: "RULE",
    });
    expect(await send({ sourceId: "d" })).toMatchObject({
      state: "DISCARDED",
      dueAtMs: undefined,
      duplicate: false,
    });
    await send({ sourceId: "p", priority: 1 });
    const { changes, messages, counters } = await at.current.dump("orders");
    expect([...messages.values()].map(({ priority }) => priority).toSorted()).toEqual([0, 9]);
    expect(changes.map(({ kind, note }) => [kind, note])).toEqual([
      ["sent", "set-aside"],
      ["discarded", "drop-it"],
      ["sent", ""],
    ]);
    expect(counters).toMatchObject({ accepted: 3, discarded: 1, messages: 2 });
    expect(recorder.matched).toEqual(["set-aside", "drop-it", "first"]);
  });

  test("sets a policy that the message's own fields override", async () => {
    const retryPolicy = { initialDelayMs: 7_000, jitter: "none", maxRetries: 9 } as const;
    rules.set(rule("true", { retryPolicy }));
    const nowMs = at.current.clock.nowMs;
    expect((await send()).dueAtMs).toBe(nowMs + 7_000);
    const own = { policy: { initialDelayMs: 3_000 } };
    expect((await send({ retry: own })).dueAtMs).toBe(nowMs + 3_000);
    expect((await send({ delayMs: 10 })).dueAtMs).toBe(nowMs + 10);
  });

  test("is applied once, not again for the other queue", async () => {
    rules.set(
      rule("message.queue == 'orders'", { queue: "b" }, { name: "one" }),
      rule("message.queue == 'b'", { queue: "orders" }, { name: "two" }),
    );
    expect(await send()).toMatchObject({ queue: "b" });
    expect(recorder.matched).toEqual(["one"]);
  });

  test("that fails is counted and logged once a minute, and loses no message", async () => {
    let nowMs = 0;
    rules = judgeOver(recorder, () => nowMs);
    rules.set(rule("int(message.source_id) > 3", { drop: true }, { name: "broken" }));
    for (let n = 0; n < 3; n++) await send({ sourceId: "x" });
    nowMs = 60_000;
    await send({ sourceId: "x" });
    expect(await messagesOf("orders")).toHaveLength(4);
    expect(recorder.failed).toEqual(Array(4).fill("broken"));
    expect(recorder.lines.filter(({ level }) => level === "warn")).toMatchObject([
      { facts: { rule: "broken", queue: "orders" } },
      { facts: { rule: "broken", queue: "orders" } },
    ]);
  });

  test("routes each message of a batch separately, and results keep their order", async () => {
    settings = { full: { maxMessages: 1 } };
    rules.set(
      rule("message.source_id == 'f'", { queue: "full" }),
      rule("message.source_id == 'b'", { queue: "b" }),
      rule("message.source_id == 'd'", { drop: true }),
    );
    const sources = ["f", "b", "x", "f", "d", "b"];
    const results = await sender()(sources.map((sourceId) => command({ sourceId })));
    expect(
      results.map((one) => (one instanceof Error ? one.name : (one.queue ?? one.state))),
    ).toEqual(["full", "b", "SCHEDULED", "DlqError", "DISCARDED", "b"]);
    expect(results[3]).toMatchObject({ kind: "LIMIT" });
  });
});

describe("a repeated request after a change of the rules", () => {
  const request = { requestId: "r" };
  const toB = () => rules.set(rule("true", { queue: "b" }));
  const everywhere = async () =>
    (await Promise.all(["orders", "b", "c"].map(messagesOf))).flat().length;

  test("goes to the same other queue after its rule was removed", async () => {
    toB();
    const first = await send(request);
    rules.set();
    expect(await send(request)).toEqual(first);
    rules.set(rule("true", { queue: "c" }));
    expect(await send(request)).toEqual(first);
    expect(await everywhere()).toBe(1);
  });

  test("stays in its queue after a rule was added", async () => {
    const first = await send(request);
    toB();
    expect(await send(request)).toEqual(first);
    rules.set(rule("true", { drop: true }));
    expect(await send(request)).toEqual(first);
    expect(await everywhere()).toBe(1);
  });

  test("stays dropped", async () => {
    rules.set(rule("true", { drop: true }));
    const first = await send(request);
    for (const change of [() => rules.set(), toB]) {
      change();
      expect(await send(request)).toEqual(first);
    }
    expect(await everywhere()).toBe(0);
  });

  test("goes to the same other queue after the server died before it was stored", async () => {
    toB();
    const other = at.current.openStore();
    await until("the connection", () => other.ready || undefined);
    const dying = sender({
      route: other.route.bind(other),
      send: () => Promise.reject(new Error()),
    } as never);
    expect((await dying([command(request)]))[0]).toBeInstanceOf(Error);
    rules.set();
    expect(await send(request)).toMatchObject({ queue: "b" });
    expect(await everywhere()).toBe(1);
  });
});

describe("numbered sends", () => {
  const clientId = new Uint8Array(16).fill(7);
  const numbered = (number: number) => ({ sendNumber: { clientId, number } });

  test("are duplicates without id and state when they are repeated", async () => {
    await send(numbered(1));
    const again = await send(numbered(1));
    expect(again).toMatchObject({ state: undefined, duplicate: true, reason: "TIMEOUT" });
    expect(again.queue).toBeUndefined();
    expect(await messagesOf("orders")).toHaveLength(1);
  });

  test("are recognized in the queue that a rule chose, by the requested queue", async () => {
    rules.set(rule("message.queue == 'orders'", { queue: "large" }));
    await send(numbered(1));
    expect(await send(numbered(1))).toMatchObject({ duplicate: true, queue: "large" });
    expect(await send({ ...numbered(1), queue: "large" })).toMatchObject({ duplicate: false });
    expect(await messagesOf("large")).toHaveLength(2);
  });

  test("are counted once when a rule drops them", async () => {
    rules.set(rule("true", { drop: true }));
    expect(await send(numbered(1))).toMatchObject({ state: "DISCARDED", duplicate: false });
    expect(await send(numbered(1))).toMatchObject({ state: undefined, duplicate: true });
    expect((await at.current.dump("orders")).counters).toMatchObject({ discarded: 1 });
  });
});

describe("transforms of an arrival rule", () => {
  const json = { encodeEnvelope: () => envelope('{"to":"a"}', { host: "h1" }) };
  const edits = (name: string, ...transforms: Transform[]) =>
    rule("true", { transforms }, { name, proceed: true });

  test("edit the delivered message and keep the sent one", async () => {
    settings = { orders: { keyAttribute: "host" } };
    rules.set(
      edits("moved", mergePayload({ to: "b" })),
      edits("hosts", mergeAttributes({ host: "h2" })),
    );
    await send(json);
    const [message] = await messagesOf("orders");
    expect(message).toMatchObject({ edited: true, limiterKey: "h2" });
    await at.current.clock.advance(3_600_000);
    const { claimed } = await at.current.tick("orders", [session(1)]);
    const { payload, attributes, edits: diffs } = readEdits(only(claimed).edits);
    expect([payload?.body.value, attributes]).toEqual(['{"to":"b"}', { host: "h2" }]);
    expect(diffs.map(({ who }) => who)).toEqual(["rule moved", "rule hosts"]);
    expect(Buffer.from(only(claimed).envelope).equals(json.encodeEnvelope())).toBe(true);
  });

  test("that fail are counted and affect neither the message nor other rules", async () => {
    rules.set(
      edits("broken", patchPayload({ op: "remove", path: "/missing" })),
      edits("moved", mergePayload({ to: "b" })),
    );
    expect(await send(json)).toMatchObject({ state: "SCHEDULED" });
    expect(await messagesOf("orders")).toMatchObject([{ edited: true }]);
    expect(recorder.failed).toEqual(["broken"]);
    const warned = recorder.lines.filter(({ level }) => level === "warn");
    expect(warned).toMatchObject([{ facts: { by: "rule broken", queue: "orders" } }]);
  });
});
