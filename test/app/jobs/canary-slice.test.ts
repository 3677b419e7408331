import { expect, test } from "vitest";
import { decideSlice, SliceSample, sizeOfSlice } from "../../../src/app/jobs/canary-slice.ts";
import { type CanarySlice, newSlice } from "../../../src/codec/batch-job.ts";
import type { MessageState } from "../../../src/store/contract.ts";

const slice = (messages: number, succeeded: number, failed: number, others = 0): CanarySlice =>
  newSlice({
    messageCount: BigInt(messages),
    succeededCount: BigInt(succeeded),
    failedCount: BigInt(failed),
    withoutOutcomeCount: BigInt(others),
  });

const messages = (groups: readonly string[]): MessageState[] =>
  groups.map((group) => ({ group }) as MessageState);
const alike = (count: number) => messages(Array.from({ length: count }, () => "a"));

test.each([
  [1, 1_204, 12],
  [10, 1_204, 120],
  [1, 10, 1],
  [50, 100_000, 1_000],
])("%f %% of %i messages are %i", (percent, selected, size) => {
  expect(sizeOfSlice(percent, selected)).toBe(size);
});

test.each([
  ["all succeeded", slice(20, 20, 0), "PASS"],
  ["just enough succeeded", slice(20, 19, 1), "PASS"],
  ["too few can succeed, although others are not known yet", slice(20, 0, 2), "STOP"],
  ["some are not known yet", slice(20, 18, 1), "WAIT"],
  ["what has no outcome counts neither way", slice(20, 10, 0, 10), "PASS"],
  ["what has no outcome makes each failure weigh more", slice(20, 9, 1, 10), "STOP"],
  ["none has an outcome", slice(20, 0, 0, 20), "NONE"],
  ["there was nothing to try", slice(0, 0, 0), "PASS"],
] as const)("%s: %o is %s", (_, tried, decision) => {
  expect(decideSlice(tried, 0.95)).toBe(decision);
});

test("a slice that is not complete stops only when the complete one could not pass", () => {
  expect(decideSlice(slice(2, 0, 1), 0.95, 20)).toBe("WAIT");
  expect(decideSlice(slice(3, 0, 2), 0.95, 20)).toBe("STOP");
});

test("a sample is spread evenly over what comes, and has exactly its size", () => {
  const sample = new SliceSample(12, 1_204);
  const all = alike(1_204);
  const chosen = sample.choose(all);
  expect(chosen).toHaveLength(12);
  const gaps = chosen.slice(1).map((one, at) => all.indexOf(one) - all.indexOf(chosen[at] ?? one));
  expect(Math.max(...gaps)).toBeLessThan(250);
});

test("it is the same in parts, also if a part is looked at again", () => {
  const sample = new SliceSample(12, 1_204);
  const all = alike(1_204);
  const whole = sample.choose(all);
  const inParts: MessageState[] = [];
  for (let at = 0; at < all.length; at += 100) {
    const part = all.slice(at, at + 100);
    sample.choose(part);
    const chosen = sample.choose(part);
    inParts.push(...chosen);
    sample.advance(part, chosen);
  }
  expect(inParts).toEqual(whole);
  expect(inParts).toHaveLength(12);
});

test("it has one message of each group, however small", () => {
  const sample = new SliceSample(10, 1_000);
  const all = messages([...Array.from({ length: 990 }, () => "large"), ..."0123456"]);
  const groups = new Set(sample.choose(all).map(({ group }) => group));
  expect(groups).toEqual(new Set(["large", ..."0123456"]));
});

test("messages without a group are one of many", () => {
  const sample = new SliceSample(10, 1_000);
  expect(sample.choose(messages(Array.from({ length: 1_000 }, () => "")))).toHaveLength(10);
});

test("each group has one place of its own, and 1,000 groups have one", () => {
  const sample = new SliceSample(1, 5_000);
  const many = messages(Array.from({ length: 1_500 }, (_, n) => `g${n}`));
  let chosen = 0;
  for (const part of [many.slice(0, 700), many.slice(700), many]) {
    const some = sample.choose(part);
    chosen += some.length;
    sample.advance(part, some);
  }
  expect(chosen).toBe(1_000);
});

test("a slice that lacks nothing takes only what stands for a group", () => {
  const sample = new SliceSample(0, 100);
  expect(sample.choose(alike(100))).toHaveLength(1);
});

test("after a break it goes on with the groups that it had", () => {
  const sample = new SliceSample(0, 100);
  const first = sample.choose(messages(["aaaaaaaa1", "bbbbbbbb1"]));
  sample.advance(messages(["aaaaaaaa1", "bbbbbbbb1"]), first);
  const later = new SliceSample(0, 100, sample.groups);
  expect(later.choose(messages(["aaaaaaaa1", "bbbbbbbb1", "cccccccc1"]))).toHaveLength(1);
});
