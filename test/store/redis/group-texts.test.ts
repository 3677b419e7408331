import { expect, it } from "vitest";
import { GroupTexts } from "../../../src/store/redis/group-texts.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";

const group = { digest: Buffer.alloc(16, "x"), describe: () => Buffer.from("text") };

it("describes a group to each partition, and again after ten minutes", () => {
  let nowMs = 1_000;
  const seen: number[] = [];
  const texts = new GroupTexts(
    () => nowMs,
    (partition) => seen.push(partition),
  );
  const isDescribed = (queue: string) => texts.pack(queue, group).length > group.digest.length;
  expect([isDescribed("a"), isDescribed("a"), isDescribed("b"), isDescribed("b")]).toEqual([
    ...[true, false, true, false],
  ]);
  expect(seen).toEqual([partitionOf("a"), partitionOf("b")]);
  nowMs += 600_000;
  expect(isDescribed("a")).toBe(true);
});

it("sends nothing for a failure without a group", () => {
  expect(
    new GroupTexts(
      () => 0,
      () => {},
    ).pack("a", undefined),
  ).toHaveLength(0);
});
