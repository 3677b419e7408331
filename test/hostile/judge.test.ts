import { expect, it } from "vitest";
import type { Attack } from "./attack.ts";
import { complaints, slowness } from "./judge.ts";
import { samplesOf } from "./process-figures.ts";
import type { Trial } from "./trial.ts";

const ATTACK: Attack = {
  name: "one",
  what: "something",
  memoryMiB: 16,
  why: "a limit",
  atLeast: { calls: 100 },
  run: async () => {},
};

const HELD = { handles: 30, sockets: 5, timers: 4, streams: 1, inFlight: 0 };

const GOOD: Trial = {
  counts: { calls: 100 },
  latencies: { calls: 40, failures: [], p50Ms: 1, p99Ms: 20, maxMs: 20 },
  rssMiB: { before: 150, most: 200 },
  liveMiB: { before: 30, during: 46, after: 31 },
  heldUpMs: 20,
  slowedBy: 1,
  seconds: 0.4,
  serverCpu: 500,
  attackerCpu: 500,
  before: HELD,
  after: HELD,
  recoveredMs: 20,
};

it("a complete attack within all limits passes", () => {
  expect([...complaints(ATTACK, GOOD), ...slowness(ATTACK, GOOD)]).toEqual([]);
});

it.for<[string, Partial<Trial>, string]>([
  ["did nothing", { counts: {} }, "did 0 calls instead of 100"],
  ["did too little", { counts: { calls: 99 } }, "did 99 calls instead of 100"],
  [
    "made calls of other clients fail",
    { latencies: { ...GOOD.latencies, failures: ["late"] } },
    "1 calls of other clients failed: late",
  ],
  ["left too few calls to measure", { latencies: { ...GOOD.latencies, calls: 3 } }, "only 3 calls"],
  ["holds memory", { liveMiB: { before: 30, during: 60, after: 30 } }, "live memory grew"],
  ["leaves memory", { liveMiB: { before: 30, during: 30, after: 60 } }, "live memory kept"],
  ["makes garbage", { rssMiB: { before: 150, most: 600 } }, "memory in RAM grew"],
  ["leaves handles", { after: { ...HELD, handles: 40 } }, "holds more handles: 30 → 40"],
  ["leaves a lease", { after: { ...HELD, inFlight: 1 } }, "holds more inFlight: 0 → 1"],
  ["has no figure", { rssMiB: { before: Number.NaN, most: 1 } }, "memory in RAM grew by NaN"],
])("an attack that %s fails", ([, wrong, words]) => {
  const found = complaints(ATTACK, { ...GOOD, ...wrong });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(words);
});

it("latencies are judged by the limits, or by those of the attack", () => {
  const latencies = { ...GOOD.latencies, p99Ms: 1_500 };
  const slow = { ...GOOD, latencies, heldUpMs: 800 };
  expect(slowness(ATTACK, slow)).toEqual([
    "p99 of other clients was 1500.0 ms, above 250",
    "the event loop was blocked for 800.0 ms, above 500",
  ]);
  const costly = { p99Ms: 2_000, heldUpMs: 900, why: "a reason" };
  expect(slowness({ ...ATTACK, costly }, slow)).toEqual([]);
});

it("a busy machine raises the limits, up to a maximum", () => {
  const latencies = { ...GOOD.latencies, p99Ms: 750 };
  expect(slowness(ATTACK, { ...GOOD, latencies, slowedBy: 3.5 })).toEqual([]);
  expect(slowness(ATTACK, { ...GOOD, latencies, slowedBy: 2 })).toHaveLength(1);
  const endless = { ...GOOD, latencies: { ...latencies, p99Ms: 5_001 }, slowedBy: 1_000 };
  expect(slowness(ATTACK, endless)).toHaveLength(1);
});

const METRICS = `# TYPE nodejs_active_resources gauge
nodejs_active_resources{type="TCPSocketWrap"} 3
nodejs_active_resources{type="Timeout"} 2
# TYPE dlq_streams gauge
dlq_streams{method="StreamDue"} 4
dlq_streams{method="Watch"} 1
`;

it("holdings are read from metrics, and a missing metric is an error", () => {
  expect(samplesOf(METRICS)).toEqual({ sockets: 3, timers: 2, streams: 5 });
  const unused = METRICS.replaceAll(/^dlq_streams.*\n/gm, "");
  expect(samplesOf(unused).streams).toBe(0);
  for (const name of ["TCPSocketWrap", "Timeout", "dlq_streams"]) {
    expect(() => samplesOf(METRICS.replaceAll(name, "renamed"))).toThrow("has no metric");
  }
});
