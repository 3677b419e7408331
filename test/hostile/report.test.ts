import { expect, it } from "vitest";
import type { Attack } from "./attack.ts";
import type { Measured } from "./measurement.ts";
import { cellsOf, complaintsOf, HEAD, row, summary } from "./report.ts";
import type { Latencies } from "./steady-client.ts";

const ATTACK: Attack = {
  name: "one",
  what: "something",
  memoryMiB: 16,
  why: "a limit",
  atLeast: { calls: 1 },
  run: async () => {},
};

const HELD = { handles: 30, sockets: 5, timers: 4, streams: 1, inFlight: 0 };

function latencies(p99Ms: number, ...failures: string[]): Latencies {
  return { calls: 400, failures, p50Ms: 1, p99Ms, maxMs: p99Ms };
}

function measured(idleMs: number, controlMs: number, attackMs: number): Measured {
  return {
    idle: latencies(idleMs),
    control: latencies(controlMs),
    trial: {
      counts: { calls: 1 },
      latencies: latencies(attackMs),
      rssMiB: { before: 150, most: 170 },
      liveMiB: { before: 30, during: 40, after: 30 },
      heldUpMs: 20,
      slowedBy: 1,
      seconds: 4,
      serverCpu: 500,
      attackerCpu: 50,
      before: HELD,
      after: HELD,
      recoveredMs: 20,
    },
  };
}

it("an attack is compared with idle and control, by the medians of its rounds", () => {
  const rounds = [measured(10, 20, 23), measured(10, 20, 30), measured(9, 1, 22)];
  const cells = cellsOf({ attack: ATTACK, rounds });
  expect(cells.slice(0, 6)).toEqual(["one", "10.0", "20.0", "23.0", "+130 %", "+15 %"]);
  expect(cells).toHaveLength(HEAD.length);
});

it("attacks that are more than 10 % worse are listed", () => {
  const worse = { attack: ATTACK, rounds: [measured(10, 20, 23)] };
  const fair = { attack: { ...ATTACK, name: "two" }, rounds: [measured(20, 20, 21)] };
  expect(summary([worse, fair])).toBe(
    [
      "More than 10 % worse than the control: one (+15 %).",
      "More than 10 % worse than idle: one (+130 %).",
      "Failed: none of 2.",
    ].join("\n\n"),
  );
});

it("a problem in one round is reported and fails the run", () => {
  const good = measured(10, 10, 10);
  const bad = { ...good, trial: { ...good.trial, latencies: latencies(10, "late") } };
  const found = { attack: ATTACK, rounds: [good, bad, good] };
  expect(complaintsOf(found)).toEqual(["1 calls of other clients failed: late"]);
  expect(cellsOf(found).at(-1)).toBe("1 calls of other clients failed: late");
  expect(summary([found])).toContain("Failed: one of 1.");
});

it("a round that was aborted fails too", () => {
  const found = { attack: ATTACK, rounds: [], broken: "the attacker ended" };
  expect(complaintsOf(found)).toEqual(["the attacker ended"]);
  expect(cellsOf(found)).toHaveLength(HEAD.length);
  expect(summary([found])).toContain("Failed: one of 1.");
});

it("a line of the table stays one line, with one cell for each text", () => {
  expect(row(["a|b", "c\nd"])).toBe("| a\\|b | c d |");
});
