import { beforeEach, expect, test } from "vitest";
import type { SendCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createSend } from "../../src/app/send.ts";
import { createStats } from "../../src/app/stats.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { tellTick } from "../../src/loops/tell.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();
let lines: { message: string; facts: Record<string, unknown> }[];
const write = (facts: object, message: string) => lines.push({ message, facts: { ...facts } });
const log = { isLevelEnabled: () => true, debug: write, info: write, warn: write };
beforeEach(() => {
  lines = [];
});

const command: SendCommand = {
  requestId: "",
  queue: "orders",
  payloadBytes: 0,
  encodeEnvelope: () => new Uint8Array(8),
  failure: {
    reason: undefined,
    type: "TimeoutError",
    message: "",
    grpcCode: undefined,
    httpStatus: undefined,
    encode: () => new Uint8Array(8),
  },
  sourceId: "order-42",
  dedupKey: "",
  payloadHash: new Uint8Array(16),
  priority: 0,
  orderingKey: "",
  attribute: () => undefined,
  delayMs: undefined,
  dueAtMs: undefined,
  ttlMs: undefined,
  retry: {},
};

test("each send is one line: what was decided, and by what", async () => {
  const send = createSend({
    store: at.current.store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    observer: NO_METRICS,
    log,
  });
  for (let time = 1; time <= 5; time++) await send([command]);
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatchObject({
    message: "accepted",
    facts: { reason: "TIMEOUT", why: "first delay from preset network" },
  });
  expect(lines[4]).toMatchObject({
    message: "quarantined",
    facts: { quarantineReason: "POISON", why: expect.stringContaining("source_id") },
  });
});

test("each delivery that ends is counted once, the last of a crash loop too", async () => {
  const { store } = at.current;
  await store.send("orders", [item()], SETTINGS);
  const counted: string[] = [];
  const observer = { ...NO_METRICS, attempt: (_: string, status: string) => counted.push(status) };
  const parts = { registry: new SessionRegistry(store.hints), observer, log };
  for (let turn = 0; turn < 6; turn++) {
    tellTick(parts, "orders", await at.current.tick("orders", [session(1, { leaseMs: 1_000 })]));
    await at.current.clock.advance(1_000);
  }
  expect(counted).toEqual(["expired", "expired", "expired", "expired", "quarantined"]);
});

test("without a queue, Stats knows no time", async () => {
  const stats = createStats({ store: at.current.store });
  expect(await stats([])).toEqual({ nowMs: undefined, queues: [] });
});
