import { expect, test } from "vitest";
import type { TailOptions } from "../../src/cli/cli.ts";
import { encodeEventFields } from "../../src/codec/event-fields.ts";
import type { OutboxChange, OutboxItem } from "../../src/store/contract/outbox.ts";
import { cli } from "./cli-support.ts";

const CHANGE: OutboxChange = {
  ...{ partition: 28, epochMs: 0 },
  number: 7,
  atMs: Date.UTC(2026, 10, 29, 12),
  queue: "orders",
  kind: "QUARANTINED",
  id: Buffer.from("0190a5d0c8007abc8123456789abcdef", "hex"),
  version: 4,
  state: "QUARANTINED",
  reason: "NETWORK_ERROR",
  quarantineReason: "RETRIES_EXHAUSTED",
  attempts: 3,
  deliveryNumber: 3,
  dueAtMs: undefined,
  note: "gave up",
  fields:
    encodeEventFields(["tenant"], { sourceId: "", attribute: () => "acme" }) ?? new Uint8Array(),
};
const OPENED: OutboxChange = {
  ...CHANGE,
  ...{ kind: "BREAKER_OPENED", id: new Uint8Array(16), state: undefined, reason: undefined },
  ...{ quarantineReason: undefined, attempts: 0, deliveryNumber: 0, note: "host-1" },
  fields: new Uint8Array(),
};

/** Runs the command on these changes. */
async function tail(argv: readonly string[], items: readonly OutboxItem[]) {
  const asked: Partial<TailOptions>[] = [];
  const run = await cli(["outbox", "tail", ...argv], {
    tailOutbox: async (_, { queue, all, follow, show }) => {
      asked.push({ queue, all, follow });
      for (const item of items) show(item);
    },
  });
  return { ...run, asked };
}

test("shows one line for each change", async () => {
  const { code, stdout } = await tail([], [CHANGE, OPENED]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    '2026-11-29T12:00:00.000Z quarantined         0190a5d0-c800-7abc-8123-456789abcdef orders NETWORK_ERROR quarantine=RETRIES_EXHAUSTED attempts=3 delivery=3 tenant="acme" "gave up"\n' +
      '2026-11-29T12:00:00.000Z breaker_opened      -                                    orders "host-1"\n',
  );
});

test.each([
  ["a rule dropped it", { kind: "FAILED", state: "DISCARDED" }, "failed state=DISCARDED"],
  ["it goes on", { kind: "FAILED", state: "SCHEDULED" }, "failed"],
  ["the kind says it", { kind: "DISCARDED", state: "DISCARDED" }, "discarded"],
] as const)("says that a message is gone after a failed attempt: %s", async (_, over, shown) => {
  const plain = { quarantineReason: undefined, reason: undefined, attempts: 0, deliveryNumber: 0 };
  const change = { ...CHANGE, ...plain, ...over, note: "", fields: new Uint8Array() };
  const [, name = "", , , ...facts] = (await tail([], [change])).stdout.trim().split(/ +/);
  expect([name, ...facts].join(" ")).toBe(shown);
});

test("shows no character that controls the terminal", async () => {
  const note = "\u001b[2J\u009b2J\u202e\n";
  for (const flags of [[], ["--json"]]) {
    const { stdout } = await tail(flags, [{ ...CHANGE, note }]);
    expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout).toContain("\\u009b");
  }
});

test("shows what is missing", async () => {
  const { stdout } = await tail(
    [],
    [
      { gap: "missed", partition: 28, epochMs: 0, from: 4, count: 3, afterMs: 0, untilMs: 7_000 },
      { gap: "undone", partition: 28, epochMs: 0, from: 12, count: 4, afterMs: 1, untilMs: 7_000 },
    ],
  );
  expect(stdout).toBe(
    "3 changes were removed before this\n" +
      "Redis came back with older data: changes from number 12 on are undone\n",
  );
});

test("with --json prints an object a line", async () => {
  const { stdout } = await tail(
    ["--json"],
    [
      CHANGE,
      { gap: "missed", partition: 28, epochMs: 0, from: 4, count: 3, afterMs: 0, untilMs: 7_000 },
      { gap: "undone", partition: 28, epochMs: 0, from: 12, count: 4, afterMs: 1, untilMs: 7_000 },
    ],
  );
  const [first, ...gaps] = stdout.trim().split("\n");
  expect(JSON.parse(first ?? "")).toEqual({
    at: "2026-11-29T12:00:00.000Z",
    queue: "orders",
    change: "quarantined",
    number: 7,
    message_id: "0190a5d0-c800-7abc-8123-456789abcdef",
    version: 4,
    state: "QUARANTINED",
    reason: "NETWORK_ERROR",
    quarantine_reason: "RETRIES_EXHAUSTED",
    attempts: 3,
    delivery: 3,
    note: "gave up",
    fields: { tenant: "acme" },
  });
  const gap = { change: "gap", partition: 28 };
  const until = "1970-01-01T00:00:07.000Z";
  expect(gaps.map((line) => JSON.parse(line))).toEqual([
    { ...gap, missed_count: 3, undone_count: 0, from_number: 4, until_time: until },
    {
      ...{ ...gap, missed_count: 0, undone_count: 4, from_number: 12 },
      ...{ after_time: "1970-01-01T00:00:00.001Z", until_time: until },
    },
  ]);
});

test("passes the queue and the flags on", async () => {
  expect((await tail([], [])).asked).toEqual([{ queue: undefined, all: false, follow: false }]);
  expect((await tail(["orders", "--all", "--follow"], [])).asked).toEqual([
    { queue: "orders", all: true, follow: true },
  ]);
});

test.each([
  [["outbox"], "outbox: needs a verb; dlq-server outbox tail [QUEUE] shows state changes"],
  [
    ["outbox", "head"],
    'outbox: "head" is unknown; dlq-server outbox tail [QUEUE] shows state changes',
  ],
  [["outbox", "tail", "a", "b"], 'arguments: "b" is not expected here'],
])("%j", async (argv, problem) => {
  const { code, stderr } = await cli(argv);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `dlq-server: one error\n  ${problem}\n` });
});

test("an error is one line, with code 1", async () => {
  const { code, stderr } = await cli(["outbox", "tail"], {
    tailOutbox: () => Promise.reject(new Error("no Redis")),
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: "dlq-server: no Redis\n" });
});
