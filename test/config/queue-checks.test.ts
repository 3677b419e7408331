import { expect, test } from "vitest";
import { findQueueContradictions } from "../../src/config/queue-checks.ts";
import { QUEUE_SETTINGS, type SimpleQueueKey } from "../../src/config/queue-settings.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import { pathOfSetting } from "../../src/rpc/convert/queue-fields.ts";

const hintsOf = (over: Partial<QueueSettings>, nameOf: (key: SimpleQueueKey) => string) =>
  findQueueContradictions({ ...DEFAULT_QUEUE_SETTINGS, ...over }, nameOf).map(({ hint }) => hint);

test.each<[over: Partial<QueueSettings>, byFlag: string, byField: string]>([
  [{ rateBurst: 5 }, "set rate too", "set rate.per_second too"],
  [{ keyRateBurst: 5 }, "set key-rate too", "set key_limits.rate.per_second too"],
  [{ breaker: "key" }, "set key-attribute too", "set key_limits.attribute too"],
  [{ breakerMaxOpenMs: 100 }, "lower breaker-open-time", "lower breaker.open_time"],
  [{ keyAttribute: "Host", redact: ["attribute:host"] }, "key-attribute", "key_limits.attribute"],
  [{ keyAttribute: "host", redact: ["attribute:*"] }, "key-attribute", "key_limits.attribute"],
])("%j: the hint uses the names of its reader", (over, byFlag, byField) => {
  expect(hintsOf(over, (key) => QUEUE_SETTINGS[key].name)).toEqual([
    expect.stringContaining(byFlag),
  ]);
  expect(hintsOf(over, pathOfSetting)).toEqual([expect.stringContaining(byField)]);
});
