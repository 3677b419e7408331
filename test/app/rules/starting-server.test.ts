// A server that starts accepts calls before it has read rules and settings: none may be decided without them.

import { expect, test } from "vitest";
import { SettingsInForce } from "../../../src/app/queues/settings-in-force.ts";
import { RuleJudge } from "../../../src/app/rules/rule-judge.ts";
import { RULES, RulesInForce } from "../../../src/app/rules/rules-in-force.ts";
import { createSend } from "../../../src/app/send.ts";
import { encodeRuleSet } from "../../../src/codec/rule-set.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { until, useTestStore } from "../../support/store.ts";
import { command, RuleRecorder, rule } from "./setup.ts";

const at = useTestStore();
const isReady = (store: RedisStore) => until("the server's store", () => store.ready || undefined);

/** The sends of a server whose store is opened between the decision and the write. */
function sendsOf(store: RedisStore) {
  const recorder = new RuleRecorder();
  const rules = new RulesInForce({
    store,
    read: () => [rule("true", { drop: true })],
    observer: recorder,
    log: recorder.log,
  });
  return createSend({
    store: {
      async send(...args) {
        await isReady(store);
        return store.send(...args);
      },
      route: (...args) => store.route(...args),
    },
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    now: () => at.current.clock.nowMs,
    observer: NO_METRICS,
    log: recorder.log,
    onDeleting() {},
    rules: new RuleJudge({ rules, observer: recorder, log: recorder.log, now: () => 0 }),
  });
}

test("a send that comes before the rules are read is refused, and not stored without them", async () => {
  const { store } = at.current;
  expect(await store.deployment.replace(RULES, undefined, () => encodeRuleSet([], "1", 0))).toBe(
    true,
  );
  const starting = at.current.openStore();
  const send = sendsOf(starting);
  expect(await send([command(), command()])).toMatchObject([
    { kind: "STORE_UNAVAILABLE" },
    { kind: "STORE_UNAVAILABLE" },
  ]);
  await isReady(starting);
  expect(await send([command()])).toMatchObject([{ state: "DISCARDED" }]);
  expect((await at.current.dump("orders")).messages.size).toBe(0);
});

test("settings of a queue are unknown before they are read", async () => {
  const starting = at.current.openStore();
  const settings = new SettingsInForce({
    store: starting,
    configured: () => DEFAULT_QUEUE_SETTINGS,
    resolve: () => DEFAULT_QUEUE_SETTINGS,
    log: { warn() {} },
  });
  expect(() => settings.of("orders")).toThrow(
    expect.objectContaining({ kind: "STORE_UNAVAILABLE" }),
  );
  await isReady(starting);
  expect(settings.of("orders")).toBe(DEFAULT_QUEUE_SETTINGS);
});
