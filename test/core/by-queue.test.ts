import { expect, it } from "vitest";
import { ByQueue } from "../../src/core/by-queue.ts";

it("finds the values of a queue in the order in which they were added, each once", () => {
  const index = new ByQueue<{ id: number }>();
  const [first, second] = [{ id: 1 }, { id: 2 }];
  for (const value of [first, first, second, first]) index.add("orders", value);
  index.add("mail", second);
  expect([...index.of("orders")]).toEqual([first, second]);
  expect([...index.of("mail")]).toEqual([second]);
  expect([...index.of("other")]).toEqual([]);
});

it("forgets a queue with its last value", () => {
  const index = new ByQueue<{ id: number }>();
  const [first, second] = [{ id: 1 }, { id: 2 }];
  for (const value of [first, second]) index.add("orders", value);
  index.add("mail", first);
  index.delete("mail", second);
  index.delete("other", second);
  expect([...index.queues()]).toEqual(["orders", "mail"]);
  index.delete("orders", first);
  expect([...index.of("orders")]).toEqual([second]);
  index.delete("orders", second);
  index.delete("mail", first);
  expect([...index.queues()]).toEqual([]);
});
