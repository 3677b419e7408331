import { expect, test } from "vitest";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
  text,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const join = (failure: string) =>
  at.current.store.send(QUEUE, [item({ dedupKey: "k", failure: bytes(failure) })], SETTINGS);
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);
async function message() {
  return only([...(await at.current.dump(QUEUE)).messages.values()]);
}

test("a claim has the latest failure and the number of failures", async () => {
  await join("in the envelope");
  const first = await claim();
  expect(first).toMatchObject({ latestFailure: undefined, failureCount: 1 });
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(first, "failReschedule", { failure: bytes("one"), delayMs: 0 }),
  ]);
  await join("two");
  const second = await claim();
  expect(text(second.latestFailure)).toBe("two");
  expect(second).toMatchObject({ failureCount: 3, attempts: 1, reason: "TIMEOUT" });
});

test("failures that join it in one call are all kept", async () => {
  await join("in the envelope");
  await join("one");
  const failures = ["two", "three"].map((failure) =>
    item({ dedupKey: "k", failure: bytes(failure) }),
  );
  await at.current.store.send(QUEUE, failures, SETTINGS);
  expect(await message()).toMatchObject({ failures: 4, history: ["one", "two", "three"] });
});

test("so are those that join it in the call that sends it", async () => {
  const failures = ["in the envelope", "one", "two"].map((failure) =>
    item({ dedupKey: "k", failure: bytes(failure) }),
  );
  await at.current.store.send(QUEUE, failures, SETTINGS);
  expect(await message()).toMatchObject({ failures: 3, history: ["one", "two"] });
});

test("the latest 16 failures after the first are kept, and all are counted", async () => {
  for (let n = 0; n <= 20; n++) await join(`failure ${n}`);
  expect(await message()).toMatchObject({
    failures: 21,
    history: Array.from({ length: 16 }, (_, n) => `failure ${n + 5}`),
  });
});

test("64 KiB of failures are kept; the oldest are dropped first", async () => {
  const large = (sendRequest: string) => sendRequest.repeat(20 * 1024);
  for (const sendRequest of ["0", "a", "b", "c", "d"]) await join(large(sendRequest));
  expect((await message()).history).toEqual([large("b"), large("c"), large("d")]);
});

test("one failure larger than 64 KiB is kept alone", async () => {
  await join("first");
  await join("small");
  await join("x".repeat(100 * 1024));
  expect((await message()).history.map((failure) => failure.length)).toEqual([100 * 1024]);
});

test("the history is removed with its message", async () => {
  await join("first");
  await join("second");
  const claimed = await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "discard")]);
  expect((await at.current.dump(QUEUE)).histories).toEqual([]);
});

test("every transition leaves one record, in order, and long batches pack them", async () => {
  const [id] = (await at.current.store.send(QUEUE, [item()], SETTINGS)).map(storedId);
  const claimed = await claim();
  const token = outcome(claimed, "succeed").token;
  await at.current.store.extend(QUEUE, [{ token, leaseMs: undefined }]);
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(claimed, "failReschedule", { delayMs: 60_000 }),
  ]);
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id as Uint8Array]));
  await claim();
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
  const last = await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(last, "discard", { note: "n".repeat(300) }),
  ]);
  const { changes } = await at.current.dump(QUEUE);
  expect(changes.map((r) => [r.kind, r.state, r.attempts, r.deliveryNumber])).toEqual([
    ["sent", 1, 0, 0],
    ["claimed", 2, 0, 1],
    ["failed", 1, 1, 1],
    ["retried", 1, 1, 1],
    ["claimed", 2, 1, 2],
    ["expired_lease", 1, 1, 2],
    ["claimed", 2, 1, 3],
    ["discarded", 5, 1, 3],
  ]);
  expect(new Set(changes.map((r) => r.id))).toEqual(new Set([hex(id as Uint8Array)]));
  expect(changes.at(-1)?.note).toBe("n".repeat(255));
});
