// A queue that nobody sent to: calls about it leave no keys behind.

import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { RetrySelection } from "../../../src/core/retry-selection.ts";
import { useTestStore } from "../../support/store.ts";
import {
  item,
  only,
  outcome,
  SETTINGS,
  session,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const REQUEST = randomBytes(16);
const ID = randomBytes(16);
const ALL: RetrySelection = {
  filter: { states: [], reasons: [], quarantineReasons: [] },
  expectedCount: 0,
};

async function lease() {
  await at.current.store.send("known", [item()], SETTINGS);
  return only((await at.current.tick("known", [session(1)])).claimed);
}

test.each([
  ["Retry by ids", () => at.current.store.messages.retry("invented", REQUEST, toRetry([ID]))],
  ["Retry by a filter", () => at.current.store.messages.retryMatching("invented", REQUEST, ALL)],
  [
    "Ack",
    async () => {
      const claimed = await lease();
      return at.current.store.settle("invented", REQUEST, [outcome(claimed, "succeed")]);
    },
  ],
  [
    "ExtendLease",
    async () => {
      const token = tokenOf(await lease());
      return at.current.store.extend("invented", [{ token, leaseMs: 1_000 }]);
    },
  ],
  ["ResetBreaker", () => at.current.store.deliveryBlocks.resetBreaker("invented", "key")],
  ["ReleaseOrder", () => at.current.store.deliveryBlocks.releaseOrder("invented", "key")],
  ["Stats", () => at.current.store.stats(["invented"])],
])("%s", async (_, call) => {
  await call();
  const keys = await at.current.redis.keys(`${at.current.prefix}:*invented*`);
  expect(keys).toEqual([]);
});

test("Retry with a request id in a known queue repeats its answer, also if it did nothing", async () => {
  await lease();
  const retry = () => at.current.store.messages.retry("known", REQUEST, toRetry([ID]));
  const first = await retry();
  expect(first).toMatchObject({ refused: [{ refusal: "NOT_FOUND" }] });
  expect(await at.current.redis.keys(`${at.current.prefix}:*known*:answers:*`)).toHaveLength(1);
  expect(await retry()).toEqual(first);
});
