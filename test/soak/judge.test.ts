import { expect, test } from "vitest";
import { NOTHING } from "./actors/protocol.ts";
import { judge } from "./judge.ts";
import { familyOf } from "./redis-figures.ts";
import type { Sample } from "./sample.ts";

const MIB = 2 ** 20;
const COUNT = 120;

interface Over {
  readonly heapMiB?: number;
  readonly rssMiB?: number;
  readonly keys?: Readonly<Record<string, number>>;
  readonly lateP99Ms?: number | undefined;
}

/** Returns the samples of a run with the changes of `of`; `at` goes from 0 to 1. */
function run(of: (at: number, index: number) => Over): Sample[] {
  return Array.from({ length: COUNT }, (_, index) => {
    const over = of(index / (COUNT - 1), index);
    const { heapMiB = 40, rssMiB = 120, keys = {} } = over;
    const late = "lateP99Ms" in over ? over.lateP99Ms : 10;
    return {
      atMs: index * 10_000,
      server: { rssBytes: rssMiB * MIB, heapBytes: heapMiB * MIB, externalBytes: MIB, handles: 30 },
      redis: {
        keys: { due: 3, "/session": 2, ...keys },
        dataBytes: MIB,
        overheadBytes: MIB,
        usedBytes: 3 * MIB,
        rssBytes: 9 * MIB,
        clients: 3,
        answers: index,
      },
      stored: 1_000,
      latenessMs: late === undefined ? undefined : { p50: 2, p99: late },
      cpuMs: { own: 0, machine: 0 },
      totals: NOTHING,
      sessions: 2,
    };
  });
}

/** Figure -> what is wrong. */
const wrong = (samples: readonly Sample[]) =>
  Object.fromEntries(
    judge(samples).flatMap((verdict) =>
      verdict.wrong === undefined ? [] : [[verdict.figure, verdict.wrong] as const],
    ),
  );

test("constant figures are steady", () => {
  expect(wrong(run(() => ({})))).toEqual({});
});

test("the warm-up and noise do not count", () => {
  const noisy = run((at, index) => ({
    rssMiB: at < 0.1 ? 60 + at * 600 : 120 + ((index * 7) % 13),
    lateP99Ms: 10 + ((index * 31) % 40),
  }));
  expect(wrong(noisy)).toEqual({});
});

test("a sawtooth is steady unless its lowest values rise", () => {
  const saw = (foot: (at: number) => number) =>
    run((at, index) => ({ heapMiB: foot(at) + (index % 8) * 6 }));
  expect(wrong(saw(() => 30))).toEqual({});
  expect(wrong(saw((at) => 30 + at * 30))).toEqual({ "server heap": "has grown" });
});

test("growth is reported", () => {
  expect(wrong(run((at) => ({ rssMiB: 120 + at * 60 })))).toEqual({ "server RSS": "has grown" });
});

test("a steady rise is reported before it exceeds the limit", () => {
  expect(wrong(run((at) => ({ rssMiB: 120 + at * 24 })))).toEqual({ "server RSS": "rises" });
  expect(wrong(run((at) => ({ rssMiB: 120 + at * 8 })))).toEqual({});
});

test("an unknown family of keys is judged", () => {
  expect(wrong(run((_, index) => ({ keys: { forgotten: index } })))).toEqual({
    "keys forgotten": "has grown",
  });
});

test("bounded figures are judged at any time", () => {
  const grown = run((_, index) => ({ keys: { answers: index === 60 ? 16 : 15 } }));
  expect(wrong(grown)).toEqual({ "keys answers": "was 16" });
  const sessions = run((_, index) => ({ keys: { "/session": index === 60 ? 3 : 2 } }));
  expect(wrong(sessions)).toEqual({ "sessions beyond those opened": "was 1" });
});

test("a missing measurement fails", () => {
  expect(wrong(run(() => ({ lateP99Ms: undefined })))).toEqual({
    "lateness p50": "has grown",
    "lateness p99": "has grown",
  });
  expect(() => judge(run(() => ({})).slice(0, 9))).toThrow(/too few/);
});

test("keys are counted by family", () => {
  expect(familyOf("dlq:{1c/0b}:orders:states:7")).toBe("states");
  expect(familyOf("dlq:{1c/0b}:orders:due")).toBe("due");
  expect(familyOf("dlq:session:0190")).toBe("/session");
  expect(familyOf("dlq:nodes")).toBe("/nodes");
});
