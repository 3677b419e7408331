import { expect, it } from "vitest";
import {
  COUNTS_SHOWN,
  createCountMessages,
  type MessageCounts,
} from "../../../src/app/messages/count-messages.ts";
import { Scanner } from "../../../src/app/messages/scan.ts";
import { ScanSlots } from "../../../src/app/messages/scan-slots.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { compileFilter, compileValue } from "../../../src/rules/filter.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { envelope } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const SIGNAL = new AbortController().signal;

async function send(queue: string, count: number, over: Partial<SendItem> = {}): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const items = Array.from({ length: Math.min(left, 100) }, () =>
      item({ envelope: envelope("{}"), ...over }),
    );
    await at.current.store.send(queue, items, SETTINGS);
  }
}

async function count(filter: string, by: string[], queues = "*", now = () => 0) {
  const counted = createCountMessages({
    ...{ scanner: new Scanner(at.current.store), slots: new ScanSlots("counts", 1, 0) },
    ...{ redactionOf: () => undefined, damageLog: { report() {} }, now },
  })(
    {
      queues: new QueuePattern(queues),
      filter: compileFilter(filter),
      by: by.map((text) => compileValue(text)),
      showRedacted: false,
    },
    SIGNAL,
  );
  const all: MessageCounts[] = [];
  for await (const one of counted) all.push(one);
  return all;
}
const last = async (...args: Parameters<typeof count>) => (await count(...args)).at(-1);

it("counts all messages of the queues that match", async () => {
  await send("orders-eu", 3);
  await send("orders-us", 4);
  await send("other", 5);
  expect(await count("", [], "orders-*")).toEqual([
    {
      ...{ counts: [{ values: [], count: 7 }], others: 0, examined: 7, redacted: 0, damaged: 0 },
      ...{ queue: "", isDone: true },
    },
  ]);
  expect(await last("", [], "nothing")).toMatchObject({ counts: [], examined: 0, isDone: true });
});

it("counts messages apart by values of state and content, the largest first", async () => {
  await send("a", 2, { reason: "TIMEOUT", envelope: envelope("{}", { tenant: "acme" }) });
  await send("a", 3, { reason: "NETWORK_ERROR", quarantineReason: "POISON" });
  await send("b", 1, { reason: "TIMEOUT", envelope: envelope("{}", { tenant: "globex" }) });
  expect(await last("", ["message.queue", "failure.reason", "state"])).toMatchObject({
    counts: [
      { values: ["a", "NETWORK_ERROR", "QUARANTINED"], count: 3 },
      { values: ["a", "TIMEOUT", "SCHEDULED"], count: 2 },
      { values: ["b", "TIMEOUT", "SCHEDULED"], count: 1 },
    ],
  });
  expect(await last('state == "SCHEDULED"', ["message.attributes.tenant"])).toMatchObject({
    counts: [
      { values: ["acme"], count: 2 },
      { values: ["globex"], count: 1 },
    ],
    examined: 6,
  });
  expect(await last('message.attributes.tenant == "acme"', ["failure.reason"])).toMatchObject({
    counts: [{ values: ["TIMEOUT"], count: 2 }],
  });
});

it("reports progress once a second", async () => {
  await send("a", 3_000);
  let ms = 0;
  const reports = await count("", ["state"], "*", () => (ms += 600));
  const [early, ...later] = reports;
  const end = later.at(-1);
  expect(reports.filter(({ isDone }) => isDone)).toEqual([end]);
  expect(early).toMatchObject({ queue: "a" });
  expect(early?.counts[0]?.count).toBeLessThan(3_000);
  expect(end).toMatchObject({ examined: 3_000, counts: [{ count: 3_000 }] });
});

it("ends when its caller does not read, so that others can count", async () => {
  await send("a", 3_000);
  let ms = 0;
  const slots = new ScanSlots("counts", 1, 1);
  const counting = createCountMessages({
    ...{ scanner: new Scanner(at.current.store), slots, unreadMs: 1 },
    ...{ redactionOf: () => undefined, damageLog: { report() {} }, now: () => (ms += 600) },
  })(
    { queues: new QueuePattern("*"), filter: compileFilter(""), by: [], showRedacted: false },
    SIGNAL,
  )[Symbol.asyncIterator]();
  expect(await counting.next()).toMatchObject({ value: { isDone: false } });
  const giveBack = await slots.take(SIGNAL);
  await expect(counting.next()).rejects.toMatchObject({ kind: "BUSY" });
  giveBack();
});

it("reports progress also while nothing matches", async () => {
  await send("a", 300);
  let ms = 0;
  const reports = await count('payload.contains("x")', [], "*", () => (ms += 10));
  expect(reports.length).toBeGreaterThan(2);
  expect(reports.at(-1)).toMatchObject({ counts: [], examined: 300, isDone: true });
  const byState = await count('state == "IN_FLIGHT"', [], "*", () => (ms += 1_000));
  expect(byState.map(({ examined }) => examined)).toEqual([300, 300]);
});

it("shows the most frequent values, and how many messages have others", async () => {
  await send("a", COUNTS_SHOWN + 100);
  const result = await last("", ["message.id"]);
  expect(result?.counts).toHaveLength(COUNTS_SHOWN);
  expect(result).toMatchObject({ others: 100, examined: COUNTS_SHOWN + 100 });
});
