import { describe, expect, it } from "vitest";
import { mergeGroups } from "../../../src/app/groups/merged-group.ts";
import { Pace } from "../../../src/app/timers.ts";
import type { StoredGroup } from "../../../src/store/contract.ts";

const part = (partition: number, over: Partial<StoredGroup> = {}): StoredGroup => ({
  partition,
  digest: "01",
  status: "OPEN",
  changedAtMs: undefined,
  regressedAtMs: undefined,
  firstFailureAtMs: 1_000,
  lastFailureAtMs: 2_000,
  failureCount: 1,
  latest: () => ({ id: new Uint8Array([partition]), queue: `q${partition}` }),
  stored: [{ queue: `q${partition}`, count: 1 }],
  ...over,
});
const merged = (...parts: StoredGroup[]) => mergeGroups(parts, new Pace());

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
