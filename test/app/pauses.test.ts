// A batch forms up to a thousand fingerprints, each of which may take a millisecond.

import { afterEach, beforeEach, expect, it } from "vitest";
import { createAck } from "../../src/app/ack.ts";
import type { OutcomeCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createGroupOf, type GroupOf } from "../../src/app/groups/failure-group.ts";
import { createSend } from "../../src/app/send.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session, tokenOf } from "../support/store-items.ts";
import { command } from "./rules/setup.ts";

/** Longer than work may block the event loop. */
const FORM_MS = 12;
const MESSAGES = 6;

const at = useTestStore();

/** Counts the turns of the event loop. */
let turn = 0;
let immediate: NodeJS.Immediate;
beforeEach(() => {
  const count = () => {
    turn++;
    immediate = setImmediate(count);
  };
  immediate = setImmediate(count);
});
afterEach(() => clearImmediate(immediate));

/** Forms groups slowly, and notes in which turn. */
function slowGroups() {
  const turns: number[] = [];
  const form = createGroupOf();
  const groupOf: GroupOf = (...args) => {
    turns.push(turn);
    const until = performance.now() + FORM_MS;
    while (performance.now() < until);
    return form(...args);
  };
  return { turns, groupOf };
}

const log = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };

function partsWith(groupOf: GroupOf) {
  const { store, clock } = at.current;
  return {
    ...{ store, groupOf, log, observer: NO_METRICS, random: () => 0.5, now: () => clock.nowMs },
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
  };
}

const queuesOf = (kind: string): string[] =>
  Array.from({ length: MESSAGES }, (_, index) => (kind === "one queue" ? "q" : `q${index}`));

it.each(["one queue", "many queues"])("other work runs between sends to %s", async (kind) => {
  const { turns, groupOf } = slowGroups();
  const send = createSend({ ...partsWith(groupOf), onDeleting() {} });
  const results = await send(queuesOf(kind).map((queue) => command({ queue })));
  expect(results.filter((one) => one instanceof Error)).toEqual([]);
  expect(new Set(turns).size).toBe(MESSAGES);
});

it.each(["one queue", "many queues"])("other work runs between outcomes of %s", async (kind) => {
  const { store, clock } = at.current;
  const queues = queuesOf(kind);
  for (const queue of queues) await store.send(queue, [item()], SETTINGS);
  await clock.advance(3_600_000);
  const outcomes: OutcomeCommand[] = [];
  for (const queue of new Set(queues)) {
    const { claimed } = await at.current.tick(queue, [session(2)]);
    for (const one of claimed) {
      const failure = { ...command().failure, encode: () => new Uint8Array() };
      const what = { failure, retryAfterMs: undefined, nonRetryable: false };
      outcomes.push({ kind: "failed", token: { ...tokenOf(one), queue }, ...what });
    }
  }
  const { turns, groupOf } = slowGroups();
  const ack = createAck({ ...partsWith(groupOf), registry: new SessionRegistry(store.hints) });
  for (const { status } of await ack("", outcomes)) expect(status).toBe("APPLIED");
  expect(new Set(turns).size).toBe(MESSAGES);
});
