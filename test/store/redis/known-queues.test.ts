import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../../src/store/redis/connection.ts";
import { KnownQueues } from "../../../src/store/redis/known-queues.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("a page that has waited for a deadline is refused, and not read", async () => {
  const read = vi.fn(
    () =>
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error("no answer")), 50);
      }),
  );
  const lists = new KnownQueues({
    connection: { read } as unknown as Connection,
    ...{ prefix: "dlq", timeoutMs: 100, max: 10 },
    mayCreate: () => true,
    writeLayout: async () => {},
  });
  const pages = Promise.allSettled(Array.from({ length: 20 }, (_, n) => lists.page(`after-${n}`)));
  await vi.advanceTimersByTimeAsync(1_000);
  const messages = (await pages).map((one) => one.status === "rejected" && one.reason.message);
  expect(read).toHaveBeenCalledTimes(6);
  expect(messages.slice(0, 6)).toEqual(messages.slice(0, 6).fill("no answer"));
  expect(messages.slice(6)).toEqual(messages.slice(6).fill(expect.stringMatching(/store/)));
});
