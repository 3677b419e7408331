import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BoundedLog } from "../../src/app/bounded-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded() {
  const lines: string[] = [];
  const at = (level: string) => (facts: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(facts)}`);
  };
  const to = { isLevelEnabled: () => true, debug: at("debug"), info: at("info"), warn: at("warn") };
  return { lines, log: new BoundedLog(to) };
}

test("1,500 lines of one queue become 20 and a count, and other queues are not affected", () => {
  const { lines, log } = recorded();
  for (let n = 0; n < 1_500; n++) log.info({ queue: "a", id: n }, "quarantined");
  log.info({ queue: "b", id: 1 }, "quarantined");
  log.warn({ queue: "a", id: 1 }, "lease expired");
  expect(lines).toHaveLength(22);
  expect(lines[19]).toContain('"id":19');
  vi.advanceTimersByTime(10_000);
  expect(lines.slice(22)).toEqual([
    'info repeated lines were left out {"queue":"a","line":"quarantined","leftOut":1480}',
  ]);
});

test("what was left out is counted by failure, or by reason without one, so that a rare cause is seen", () => {
  const { lines, log } = recorded();
  const failure = (type: string) => ({ failure: { type, message: "m" }, reason: "UNKNOWN" });
  const send = (count: number, facts: object) => {
    for (let n = 0; n < count; n++) log.info({ queue: "a", id: n, ...facts }, "quarantined");
  };
  send(30, failure("ConnectionError"));
  send(2, failure("__proto__"));
  send(7, { failure: { type: "", message: "m" }, reason: "TIMEOUT" });
  send(3, {});
  log.close();
  expect(JSON.parse(lines.at(-1)?.replace(/^[^{]*/, "") ?? "")).toEqual({
    queue: "a",
    line: "quarantined",
    leftOut: 22,
    leftOutOf: { ConnectionError: 10, TIMEOUT: 7, other: 3, ["__proto__"]: 2 },
  });
});

test("only the five most frequent failures are named, and few are counted", () => {
  const { lines, log } = recorded();
  const send = (type: string) => log.info({ queue: "a", id: 1, failure: { type } }, "quarantined");
  for (let n = 0; n < 20; n++) send("first");
  for (let n = 0; n < 7; n++) for (let times = 0; times <= n; times++) send(`e${n}`);
  for (let n = 0; n < 1_000; n++) send(`each has its own type ${n}`);
  log.close();
  const { leftOut, leftOutOf } = JSON.parse(lines.at(-1)?.replace(/^[^{]*/, "") ?? "");
  expect(leftOut).toBe(1_028);
  expect(leftOutOf).toEqual({ e6: 7, e5: 6, e4: 5, e3: 4, e2: 3, other: 1_003 });
});

test("each window begins anew, also for what is left out", () => {
  const { lines, log } = recorded();
  for (let window = 0; window < 3; window++) {
    for (let n = 0; n < 21; n++) log.warn({ queue: "a", id: 1 }, "lease expired");
    vi.advanceTimersByTime(10_000);
  }
  expect(lines).toHaveLength(3 * 21);
});

test("close counts what the open windows left out, once", () => {
  const { lines, log } = recorded();
  for (let n = 0; n < 25; n++) log.info({ queue: "a", id: 1 }, "discarded");
  log.close();
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(21);
  expect(lines[20]).toContain('"leftOut":5');
});

test("lines of level debug are not bounded", () => {
  const { lines, log } = recorded();
  for (let n = 0; n < 100; n++) log.debug({ queue: "a" }, "accepted");
  expect(lines).toHaveLength(100);
});

test("lines about calls are not bounded: one of them may be the one that acted", () => {
  const { lines, log } = recorded();
  for (let n = 0; n < 100; n++) log.info({ queue: "a", retried: n }, "retried");
  expect(lines).toHaveLength(100);
});

test("with very many queues, the rest share one window", () => {
  const { lines, log } = recorded();
  for (let n = 0; n < 1_000; n++) log.info({ queue: `q${n}`, id: 1 }, "quarantined");
  for (let n = 0; n < 500; n++) log.info({ queue: `more${n}`, id: 1 }, "quarantined");
  expect(lines).toHaveLength(1_020);
  log.close();
  expect(lines.slice(1_020)).toEqual([
    'info repeated lines were left out {"line":"quarantined","leftOut":480}',
  ]);
});
