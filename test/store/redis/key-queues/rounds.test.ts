import { expect, test } from "vitest";
import type { Claimed } from "../../../../src/store/contract.ts";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../../support/store.ts";
import { NO_REQUEST, only, tokenOf, toRetry } from "../../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const { send, claim, settle } = keyQueueSteps(at, QUEUE);
const examine = async (claimed: Claimed) => {
  const found = await at.current.store.examine(QUEUE, NO_REQUEST, [tokenOf(claimed)]);
  if (!Array.isArray(found)) throw new Error("answered before");
  return only(found);
};

test("a delay is stored while the next one grows from it", async () => {
  await send({ name: "a" });
  await settle(await claim(), "failReschedule", { delayMs: 1_500, rememberDelay: true });
  await at.current.clock.advance(1_500);
  const second = await claim();
  expect(await examine(only(second))).toMatchObject({ lastDelayMs: 1_500, attempts: 1 });
  await settle(second, "failReschedule", { delayMs: 10 });
  await at.current.clock.advance(10);
  expect(await examine(only(await claim()))).toMatchObject({ lastDelayMs: undefined });
});

test("a message retried from quarantine begins a new round", async () => {
  await send({ name: "a" });
  const [first] = (await claim()) as [Claimed];
  expect(await examine(first)).toMatchObject({ roundStartedAtMs: undefined });
  await settle([first], "quarantine");
  await at.current.clock.advance(5_000);
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first.id]));
  expect(await examine(only(await claim()))).toMatchObject({ roundStartedAtMs: START_MS + 5_000 });
});
