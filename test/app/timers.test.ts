import { expect, it } from "vitest";
import { nextTurn, Pace } from "../../src/app/timers.ts";
import { startOtherWork } from "../support/turns.ts";

/** Blocks the event loop, as an edit of a large message does. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it("other work has several turns between two long pieces of work", async () => {
  const other = startOtherWork();
  const pieces = await Promise.all(
    Array.from({ length: 3 }, async () => {
      await nextTurn();
      const begunAt = other.turns;
      block(50);
      return begunAt;
    }),
  );
  other.stop();
  const [first = 0, second = 0, third = 0] = pieces;
  expect(second - first).toBeGreaterThan(10);
  expect(third - second).toBeGreaterThan(10);
});

it("many short pieces of work do not wait for each other", async () => {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
  }, 5_000);
  for (let piece = 0; piece < 1_000; piece++) await nextTurn();
  expect(isLate).toBe(false);
  clearTimeout(timer);
});

it("loops that share a pace block other work no longer than one of them", async () => {
  const pace = new Pace();
  const other = startOtherWork();
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      if (pace.isTooLong) await pace.giveTurn();
      block(3);
    }),
  );
  other.stop();
  expect(other.turns).toBeGreaterThan(20);
});

it("other work gets its turn after one of the loops that share a pace", async () => {
  const pace = new Pace();
  let done = 0;
  const loops = Array.from({ length: 50 }, async () => {
    await pace.giveTurn();
    block(12);
    done++;
  });
  await nextTurn();
  expect(done).toBeLessThan(5);
  await Promise.all(loops);
});

it("loops that share a pace and do little run in few turns", async () => {
  const pace = new Pace();
  const other = startOtherWork();
  const resumedIn = new Set<number>();
  const loop = async () => {
    await pace.giveTurn();
    resumedIn.add(other.turns);
  };
  await Promise.all(Array.from({ length: 1_000 }, loop));
  other.stop();
  expect(resumedIn.size).toBeLessThan(20);
});
