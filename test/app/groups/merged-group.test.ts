import { describe, expect, it } from "vitest";
import { mergeGroups } from "../../../src/app/groups/merged-group.ts";
import { Pace } from "../../../src/app/timers.ts";
import type { StoredGroup } from "../../../src/store/contract.ts";

const NOW_MS = 10_000;
const part = (partition: number, over: Partial<StoredGroup> = {}): StoredGroup => ({
  partition,
  digest: "01",
  status: "OPEN",
  changedAtMs: undefined,
  regressedAtMs: undefined,
  archive: undefined,
  firstFailureAtMs: 1_000,
  lastFailureAtMs: 2_000,
  failureCount: 1,
  latest: () => ({ id: new Uint8Array([partition]), queue: `q${partition}` }),
  stored: [{ queue: `q${partition}`, count: 1 }],
  ...over,
});
const merged = (...parts: StoredGroup[]) => mergeGroups(parts, NOW_MS, new Pace());

describe("groups of equal digests in several partitions", () => {
  it("are one group, with all messages, and times from the first to the last failure", async () => {
    const [group, other] = await merged(
      part(1, { lastFailureAtMs: 9_000, failureCount: 5 }),
      part(2, { firstFailureAtMs: 500 }),
      part(3, { digest: "02" }),
    );
    expect(group).toMatchObject({
      ...{ digest: "01", state: "OPEN", failureCount: 6, storedCount: 2 },
      ...{ firstFailureAtMs: 500, lastFailureAtMs: 9_000 },
    });
    expect(group?.latest().queue).toBe("q1");
    expect(other).toMatchObject({ digest: "02", storedCount: 1 });
  });
});

describe("a group that is archived until a time or a number of failures", () => {
  const archived = { status: "ARCHIVED", changedAtMs: 5_000, failureCount: 10 } as const;
  const end = (
    untilAtMs: number | undefined,
    untilCount: number | undefined,
    failureCount = 10,
  ) => ({
    archive: { untilAtMs, untilCount, failureCount },
  });
  const stateOf = async (...parts: StoredGroup[]) => {
    const [group] = await merged(...parts);
    return [group?.state, group?.isReopened, group?.archive?.failureCount];
  };

  it.each([
    [NOW_MS + 1, "ARCHIVED", false],
    [NOW_MS, "OPEN", true],
  ])("until %d is %s", async (untilAtMs, ...expected) => {
    expect(await stateOf(part(1, { ...archived, ...end(untilAtMs, undefined) }))).toEqual([
      ...expected,
      0,
    ]);
  });

  it("opens again at its so-many-th failure since, in all partitions, also new ones", async () => {
    const parts = [
      part(1, { ...archived, ...end(undefined, 7, 8) }),
      part(2, { ...archived, ...end(undefined, 7, 9), changedAtMs: 5_001 }),
      part(3, { firstFailureAtMs: 6_000, failureCount: 3 }),
    ];
    expect(await stateOf(...parts)).toEqual(["ARCHIVED", false, 6]);
    const one = part(4, { firstFailureAtMs: 7_000 });
    expect(await stateOf(...parts, one)).toEqual(["OPEN", true, 7]);
  });

  it("opens again at what comes first", async () => {
    expect(await stateOf(part(1, { ...archived, ...end(NOW_MS, 100) }))).toEqual(["OPEN", true, 0]);
    const full = { ...archived, ...end(NOW_MS + 1, 2, 8) };
    expect(await stateOf(part(1, full))).toEqual(["OPEN", true, 2]);
  });

  it("does not count what moves to another partition", async () => {
    const moved = part(2, { failureCount: 0, firstFailureAtMs: 7_000, lastFailureAtMs: 7_000 });
    const one = part(1, { ...archived, ...end(undefined, 1) });
    expect(await stateOf(one, moved)).toEqual(["ARCHIVED", false, 0]);
  });

  it("has the state that was set after that", async () => {
    const one = part(1, { ...archived, ...end(NOW_MS - 1, undefined) });
    const later = part(2, { status: "RESOLVED", changedAtMs: 6_000 });
    expect(await stateOf(one, later)).toEqual(["RESOLVED", false, undefined]);
  });
});

describe("the state of a group", () => {
  const resolved = { status: "RESOLVED", changedAtMs: 5_000 } as const;

  it("is the one that was set last", async () => {
    const [group] = await merged(
      part(1),
      part(2, { status: "ARCHIVED", changedAtMs: 6_000 }),
      part(3, resolved),
    );
    expect(group).toMatchObject({ state: "ARCHIVED", changedAtMs: 6_000 });
  });

  it("is RESOLVED while nothing has failed since", async () => {
    expect(await merged(part(1, resolved), part(2))).toMatchObject([{ state: "RESOLVED" }]);
  });

  it.each([
    ["in a partition that knows of it", part(2, { ...resolved, regressedAtMs: 7_000 })],
    ["in a partition that is new to it", part(2, { firstFailureAtMs: 7_000 })],
  ])("is REGRESSED after a failure %s", async (_, failed) => {
    expect(await merged(part(1, resolved), failed)).toMatchObject([
      { state: "REGRESSED", regressedAtMs: 7_000 },
    ]);
  });

  it("is not REGRESSED by messages that move to another partition", async () => {
    const moved = part(2, { failureCount: 0, firstFailureAtMs: 7_000, lastFailureAtMs: 7_000 });
    expect(await merged(moved, part(1, resolved))).toMatchObject([
      { state: "RESOLVED", firstFailureAtMs: 1_000, lastFailureAtMs: 2_000 },
    ]);
  });

  it("stays ARCHIVED when it fails again", async () => {
    const archived = { status: "ARCHIVED", changedAtMs: 5_000 } as const;
    expect(await merged(part(1, archived), part(2, { firstFailureAtMs: 7_000 }))).toMatchObject([
      { state: "ARCHIVED", regressedAtMs: undefined },
    ]);
  });
});
