import { expect, it } from "vitest";
import { GroupDescriptions } from "../../../src/store/redis/group-descriptions.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";

const group = { digest: Buffer.alloc(16, "x"), describe: () => Buffer.from("text") };

function textsAt(clock: { nowMs: number; changedAtMs: number }) {
  const seen: number[] = [];
  const texts = new GroupDescriptions({
    now: () => clock.nowMs,
    historyChangedAtMs: () => clock.changedAtMs,
    onNew: (partition) => seen.push(partition),
  });
  /** Whether the description is sent; the call succeeds. */
  const describes = (queue: string) => {
    const packed = texts.pack(queue, group);
    texts.stored(queue, group);
    return packed.length > group.digest.length;
  };
  return { texts, seen, describes };
}

it("describes a group to each partition, and again after a minute or a failover", () => {
  const clock = { nowMs: 1_000, changedAtMs: 0 };
  const { describes, seen } = textsAt(clock);
  expect(["a", "a", "b", "b"].map(describes)).toEqual([true, false, true, false]);
  expect(seen).toEqual([partitionOf("a"), partitionOf("b")]);
  clock.nowMs += 60_000;
  expect(["a", "a"].map(describes)).toEqual([true, false]);
  clock.changedAtMs = 5;
  expect(["a", "a"].map(describes)).toEqual([true, false]);
});

it("describes a group again if the call failed", () => {
  const { texts } = textsAt({ nowMs: 1_000, changedAtMs: 0 });
  const first = texts.pack("a", group);
  expect(texts.pack("a", group)).toEqual(first);
  expect(first.length).toBeGreaterThan(group.digest.length);
});

it("sends nothing for a failure without a group", () => {
  const { texts, seen } = textsAt({ nowMs: 0, changedAtMs: 0 });
  texts.stored("a", undefined);
  expect(texts.pack("a", undefined)).toHaveLength(0);
  expect(seen).toEqual([]);
});
