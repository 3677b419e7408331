import { describe, expect, it } from "vitest";
import { Turns } from "../../src/core/turns.ts";

/** Work that ends when the test says so. */
function createWork() {
  const running: { item: number; end: () => void; fail: (error: Error) => void }[] = [];
  return {
    running,
    work: (item: number) =>
      new Promise<number>((resolve, reject) => {
        running.push({ item, end: () => resolve(item * 10), fail: reject });
      }),
    end(item: number) {
      const at = running.findIndex((one) => one.item === item);
      running.splice(at, 1)[0]?.end();
    },
  };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const items = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);

describe("turns", () => {
  it("let so many items run at once, and return results in order", async () => {
    const { running, work, end } = createWork();
    const results = new Turns(2).map(items(4), work);
    await settle();
    expect(running.map(({ item }) => item)).toEqual([0, 1]);
    end(1);
    await settle();
    expect(running.map(({ item }) => item)).toEqual([0, 2]);
    for (const item of [2, 0, 3]) {
      await settle();
      end(item);
      await settle();
    }
    expect(await results).toEqual([0, 10, 20, 30]);
  });

  it("let a small call pass the rest of a large one", async () => {
    const { running, work, end } = createWork();
    const turns = new Turns(2);
    const large = turns.map(items(100), work);
    const small = turns.map([1_000], work);
    await settle();
    const order: number[] = [];
    while (order.length < 101) {
      const { item = 0 } = running[0] ?? {};
      order.push(item);
      end(item);
      await settle();
    }
    expect(order.indexOf(1_000)).toBeLessThanOrEqual(4);
    expect(await small).toEqual([10_000]);
    expect(await large).toHaveLength(100);
  });

  it("let calls take turns, however many items may run at once", async () => {
    const { running, work, end } = createWork();
    const turns = new Turns(4);
    void turns.map(items(100), work);
    void turns.map(items(100, 100), work);
    await settle();
    const order: number[] = [];
    while (order.length < 50) {
      const { item = 0 } = running[0] ?? {};
      order.push(item);
      end(item);
      await settle();
    }
    const ofSecond = order.filter((item) => item >= 100).length;
    expect(ofSecond).toBeGreaterThanOrEqual(22);
    const third = turns.map([1_000], work);
    for (let n = 0; n < 7; n++) {
      end(running[0]?.item ?? 0);
      await settle();
    }
    expect(await third).toEqual([10_000]);
  });

  it("begin no more items after an error, and are free again", async () => {
    const { running, work, end } = createWork();
    const turns = new Turns(2);
    const results = turns.map(items(10), work);
    const rejected = expect(results).rejects.toThrow("broken");
    await settle();
    running.shift()?.fail(new Error("broken"));
    await settle();
    end(1);
    await rejected;
    await settle();
    expect(running).toEqual([]);
    expect(turns.take()).toBeUndefined();
    expect(turns.take()).toBeUndefined();
    expect(turns.take()).toBeInstanceOf(Promise);
  });

  it("return nothing for no items", async () => {
    expect(await new Turns(2).map([], async () => 1)).toEqual([]);
  });
});
