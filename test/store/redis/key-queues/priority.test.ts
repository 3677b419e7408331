import { expect, test } from "vitest";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { useTestStore } from "../../../support/store.ts";

const at = useTestStore();
const { send, claim, claimNames, names, settle } = keyQueueSteps(at, "orders");

test("among due messages the larger priority goes first, then the earlier due time", async () => {
  await send(
    { name: "low", priority: -100 },
    { name: "first", priority: 0 },
    { name: "second", priority: 0, delayMs: 5 },
    { name: "high", priority: 100, delayMs: 10 },
    { name: "higher than most", priority: 99 },
  );
  await at.current.clock.advance(10);
  expect(await claimNames()).toEqual(["high", "higher than most", "first", "second", "low"]);
});

test("what is not due is not handed out, however high its priority", async () => {
  await send({ name: "later", priority: 100, delayMs: 1 }, { name: "now" });
  const reply = await at.current.tick("orders", []);
  expect(reply.nextDueAtMs).toBe(reply.nowMs);
  expect(await claimNames()).toEqual(["now"]);
  expect((await at.current.tick("orders", [])).nextDueAtMs).toBe(reply.nowMs + 1);
});

test("one delivery in eight goes to the message that has been due longest", async () => {
  await send({ name: "old", priority: -5 });
  await at.current.clock.advance(1);
  await send(...Array.from({ length: 30 }, (_, n) => ({ name: `new ${n}`, priority: 5 })));
  const order: (string | undefined)[] = [];
  for (let n = 0; n < 16; n++) order.push(...(await claimNames({ count: 1 })));
  expect(order.indexOf("old")).toBe(7);
  expect(order.slice(0, 7)).toEqual(Array.from({ length: 7 }, (_, n) => `new ${n}`));
});

test("priority is kept through a retry, a release and an expired lease", async () => {
  await send({ name: "a", priority: 7 }, { name: "b" });
  await settle(await claim({ count: 1 }), "failReschedule", { delayMs: 0 });
  const again = await claim({ count: 1 });
  expect(names(again)).toEqual(["a"]);
  await settle(again, "release", { delayMs: 0 });
  expect(await claimNames({ count: 1, leaseMs: 1_000 })).toEqual(["a"]);
  await at.current.clock.advance(2_000);
  expect(await claimNames()).toEqual(["a", "b"]);
});

test("the list of priorities is empty when no message has one", async () => {
  await send({ name: "a", priority: 7 });
  await settle(await claim(), "succeed");
  await at.current.tick("orders", [
    {
      ...{ sessionId: new Uint8Array(16), nonce: new Uint8Array(16) },
      count: 1,
      bytes: 1,
      leaseMs: 1_000,
      canIsolate: true,
    },
  ]);
  expect((await at.current.dump("orders")).keyQueues.priorities).toEqual([]);
});
