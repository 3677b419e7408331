import { describe, expect, it } from "vitest";
import { noCounts } from "../checker/report.ts";
import type { RunResult } from "../conductor.ts";
import type { FaultOutcome } from "../inject.ts";
import { problemsOf, RECOVERY_GOAL_MS } from "./goals.ts";
import { lossesOf } from "./losses.ts";
import { memoryOf } from "./memory.ts";
import { recoveryHead, recoveryOf, recoveryRows } from "./recovery.ts";

const MIB = 1024 ** 2;

function outcome(over: Partial<FaultOutcome> = {}): FaultOutcome {
  const fast = { queuesMs: 100, serversMs: 100, workersMs: 100, stalledMs: 0 };
  return { kinds: ["kill-redis"], detail: "", heldMs: 1_000, ...fast, ...over };
}

function result(over: Partial<RunResult> = {}): RunResult {
  return {
    environment: "everysec",
    words: "three servers",
    baseline: 1_000,
    idleQueues: 0,
    faults: [outcome()],
    check: { violations: [], rolledBack: [], counts: { ...noCounts(), acknowledged: 3_000 } },
    allowLoss: undefined,
    failures: [],
    maxBehind: 0,
    maxRemembered: 0,
    memory: {},
    storeMemory: {},
    durationMs: 60_000,
    coreSlowness: 1,
    ...over,
  };
}

describe("recovery", () => {
  it.each(["queuesMs", "serversMs"] as const)("of over 10 s (%s) fails every run", (part) => {
    const faults = [outcome({ [part]: 10_500 })];
    expect(problemsOf(result({ faults }), false)).toEqual([
      "everysec: kill-redis (): back after 10500 ms only",
    ]);
  });

  it("of over 2 s in the median of a kind fails the long form, and only that", () => {
    const slow = result({ faults: [100, 2_100, 2_200].map((serversMs) => outcome({ serversMs })) });
    expect(problemsOf(slow, true)).toEqual([
      "everysec: kill-redis: every server recovered after 2100 ms in the median, over 2000 ms",
    ]);
    expect(problemsOf(slow, false)).toEqual([]);
    expect(problemsOf({ ...slow, coreSlowness: 1.2 }, true)).toEqual([]);
    const once = result({ faults: [100, 200, 2_200].map((serversMs) => outcome({ serversMs })) });
    expect(problemsOf(once, true)).toEqual([]);
  });

  it("may take 5 s in the median where Redis reads its data again", () => {
    const killed = (serversMs: number) =>
      result({ faults: [outcome({ kinds: ["kill-embedded-redis"], serversMs })] });
    expect(problemsOf(killed(4_900), true)).toEqual([]);
    expect(problemsOf(killed(5_100), true)).toEqual([
      "everysec: kill-embedded-redis: every server recovered after 5100 ms in the median, over 5000 ms",
    ]);
  });

  it("lists each fault that took longer than the goal, slowest first", () => {
    const faults = [
      outcome({ queuesMs: 2_500 }),
      outcome({ kinds: ["stop-server", "kill-redis"], serversMs: 4_000 }),
    ];
    const text = recoveryOf(faults, RECOVERY_GOAL_MS);
    expect(text).toContain("| kill-redis | 1 | 2500 / 2500 | 100 / 100 | 100 / 100 | 1 |");
    expect(text).toContain("| two at a time | 1 |");
    expect(text).toContain(
      "Over 2 s: `stop-server+kill-redis` every server 4.0 s; `kill-redis` every queue 2.5 s.",
    );
  });
});

describe("the CSV of recovery", () => {
  it("has median and maximum of each part in columns of their own", () => {
    const faults = [100, 300, 2_600].map((queuesMs) => outcome({ queuesMs }));
    const rows = recoveryRows("external", faults, RECOVERY_GOAL_MS);
    expect(rows).toEqual([["external", "kill-redis", 3, 300, 2_600, 100, 100, 100, 100, 1]]);
    const head = recoveryHead(RECOVERY_GOAL_MS);
    expect(new Set(head).size).toBe(rows[0]?.length);
  });
});

describe("losses", () => {
  const allowLoss = { kinds: ["kill-redis"], withinMs: 2_500 };
  const undone = { words: "", examples: [] };

  it("are counted if allowed", () => {
    const rolledBack = [
      { rule: "not-lost", total: 500, ...undone },
      { rule: "stays-ended", total: 3, ...undone },
    ] as const;
    const check = { ...result().check, rolledBack };
    const text = lossesOf(result({ check, allowLoss }), 0);
    expect(text).toContain("**Lost: 500 messages, where 3,000 were acknowledged.**");
    expect(text).toContain("3 × `stays-ended`");
    expect(text).not.toContain("Nothing lost");
  });

  it("are reported as 0 if allowed and none happened", () => {
    const text = lossesOf(result({ allowLoss }), 0);
    expect(text).toContain("`kill-redis` (here 1 times)");
    expect(text).toContain("**Lost: 0 messages, where 3,000 were acknowledged.**");
  });

  it("are only outcomes if a replica has each send", () => {
    const text = lossesOf(result({ allowLoss: { ...allowLoss, keepsSends: true } }), 0);
    expect(text).toContain("(here 1 times) outcomes, and no send, that were written");
    expect(text).toContain(
      "**Lost: none of 3,000 acknowledged messages; 0 whose sends had no answer",
    );
  });

  it("are reported as none if not allowed", () => {
    expect(lossesOf(result(), 0)).toBe("Nothing lost, nothing unexplained.");
    expect(lossesOf(result(), 1)).toBe("");
  });
});

describe("memory", () => {
  it("is limited for servers, Redis, workers and producers", () => {
    const memory = {
      "server-1": MIB,
      "server-2": 2 * MIB,
      redis: MIB,
      workers: MIB,
      producers: MIB,
    };
    expect(memoryOf(result({ memory })).map(({ words }) => words)).toEqual([
      "servers 2 of 512 MiB",
      "Redis 1 of 129 MiB",
      "workers 1 of 384 MiB",
      "producers 1 of 384 MiB",
    ]);
  });

  it("is larger for a Redis with undelivered messages or remembered answers", () => {
    const wordsOf = (over: Partial<RunResult>) =>
      memoryOf(result({ memory: { redis: MIB }, ...over })).map(({ words }) => words);
    expect(wordsOf({ maxBehind: 102_400 })).toEqual(["Redis 1 of 229 MiB"]);
    expect(wordsOf({ maxRemembered: 102_400 })).toEqual(["Redis 1 of 179 MiB"]);
  });

  it("is larger for servers that publish events", () => {
    const check = { ...result().check, counts: { ...noCounts(), published: 1 } };
    const [servers] = memoryOf(result({ memory: { "server-1": MIB }, check }));
    expect(servers?.words).toBe("servers 1 of 640 MiB");
  });

  it("of a Redis over its limit comes with its own figures", () => {
    const over = { memory: { redis: 256 * MIB }, storeMemory: { used_memory: 200 * MIB } };
    expect(memoryOf(result(over))[0]?.words).toBe(
      "Redis 256 of 129 MiB (at its peak it said, in MiB: used_memory 200)",
    );
  });

  it.each(["server-1", "primary", "workers", "producers"])(
    "over its limit fails the run: %s",
    (name) => {
      expect(problemsOf(result({ memory: { [name]: 1_024 * MIB } }), false)).toHaveLength(1);
    },
  );
});
