import { expect, it } from "vitest";
import { BacklogLimit } from "../../src/serve/backlog-limit.ts";

const MIB = 1024 * 1024;

function start(maxMemoryBytes: number) {
  const lines: object[] = [];
  const store = {
    messages: { full: undefined as string | undefined },
    capacity: { maxMemoryBytes },
  };
  const log = { info: (facts: object, message: string) => void lines.push({ ...facts, message }) };
  return { store, lines, limit: new BacklogLimit(256 * MIB, store, log) };
}

it("is the setting if Redis has memory for it, and logs nothing", () => {
  const { limit, lines } = start(1024 * MIB);
  limit.logIfLower();
  expect([limit.bytes, lines]).toEqual([256 * MIB, []]);
});

it("is at most a quarter of the memory of Redis, and logs that once, as soon as it is known", () => {
  const { store, limit, lines } = start(Number.POSITIVE_INFINITY);
  limit.logIfLower();
  expect(lines).toEqual([]);
  store.capacity.maxMemoryBytes = 400 * MIB;
  limit.logIfLower();
  limit.logIfLower();
  expect(limit.bytes).toBe(100 * MIB);
  expect(lines).toEqual([
    {
      ...{ limitBytes: 100 * MIB, settingBytes: 256 * MIB },
      message:
        "less than nats_backlog_max waits for NATS: at most a quarter of Redis' maxmemory, and only what outboxes keep anyway while sends are refused",
    },
  ]);
});

it("is 0 while sends are refused: what waits must not make more of them fail", () => {
  const { store, limit } = start(1024 * MIB);
  store.messages.full = "little disk space is left";
  expect(limit.bytes).toBe(0);
});
