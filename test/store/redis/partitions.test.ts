import { expect, test } from "vitest";
import { PARTITIONS, partitionOf, tagOf } from "../../../src/store/redis/partitions.ts";

// From sha256sum. Stored data depends on them.
test.each([
  ["orders", 0x1c, "1c/0b"],
  ["default", 0x37, "37/1w"],
  ["a", 0xca, "ca/cv"],
])("the queue %s is in partition %i, with the tag %s", (queue, partition, tag) => {
  expect(partitionOf(queue)).toBe(partition);
  expect(tagOf(queue)).toBe(tag);
});

test("numbered queues are spread over all partitions", () => {
  const counts = Array.from({ length: PARTITIONS }, () => 0);
  for (let n = 0; n < 25_600; n++) {
    const partition = partitionOf(`tenant-${n}`);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(150);
});

test("more names than are remembered keep their tags", () => {
  for (let n = 0; n < 20_001; n++) tagOf(`invented-${n}`);
  expect(tagOf("orders")).toBe("1c/0b");
});
