import { expect, test, vi } from "vitest";
import type { JobAction, JobItem, JobStep } from "../../../src/store/contract.ts";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import { item, NO_REQUEST, only, SETTINGS, session, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const FIRST = Buffer.from("first");
const SECOND = Buffer.from("second");

const act = (action: JobAction, items: readonly JobItem[], over: Partial<JobStep> = {}) =>
  at.current.store.jobs.act(QUEUE, {
    ...{ number: 8, createdMs: START_MS, action, before: undefined, after: FIRST, items },
    ...{ caller: "ann", note: "j-8", ...over },
  });

async function send(over: Parameters<typeof item>[0] = {}) {
  return storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
}

async function states() {
  const { messages } = await at.current.store.messageReads.states(QUEUE, {
    ...{ newestFirst: false, after: undefined },
  });
  return messages;
}

const itemsOf = async () => (await states()).map(({ id, version }) => ({ id, version }));
const kinds = async () =>
  (await at.current.dump(QUEUE)).changes.map(({ kind, note }) => `${kind} ${note}`.trim());

const LATER = { delayMs: 60_000 };
const QUARANTINED = { quarantineReason: "NON_RETRYABLE" } as const;

test("a retry makes messages due, with a new round of attempts", async () => {
  await send(LATER);
  await send(QUARANTINED);
  await at.current.clock.set(START_MS + 1_000);
  expect(await act("retry", await itemsOf())).toBe("DONE");
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed).toHaveLength(2);
  expect(await kinds()).toEqual([
    ...["sent", "sent", "retried j-8", "retried j-8", "claimed", "claimed"],
  ]);
  const [details] = await at.current.store.messageReads.details(QUEUE, [
    only(claimed.slice(0, 1)).id,
  ]);
  expect(details?.events).toMatchObject([{ kind: "RETRIED", caller: "ann" }]);
});

test("a quarantine holds a scheduled message", async () => {
  await send(LATER);
  expect(await act("quarantine", await itemsOf())).toBe("DONE");
  expect(await states()).toMatchObject([
    { state: "QUARANTINED", quarantineReason: "OPERATOR_REQUEST" },
  ]);
  expect(await kinds()).toEqual(["sent", "quarantined j-8"]);
});

test.each([
  ["discard", "discarded"],
  ["purge", "purged"],
] as const)("a %s removes messages, and counts them", async (action, kind) => {
  await send(LATER);
  await send(QUARANTINED);
  expect(await act(action, await itemsOf())).toBe("DONE");
  expect(await states()).toEqual([]);
  const { counters } = await at.current.dump(QUEUE);
  expect(counters).toMatchObject({ [kind]: 2 });
  expect((await kinds()).slice(2)).toEqual([`${kind} j-8`, `${kind} j-8`]);
});

test.each(["discard", "purge"] as const)(
  "a %s can be undone, as long as the queue keeps it",
  async (action) => {
    const ids = [await send(LATER), await send(QUARANTINED)];
    const before = await states();
    const retention = { succeededMs: 0, deletedMs: 60_000, maxBytes: 1_000_000 };
    expect(await act(action, await itemsOf(), { retention })).toBe("DONE");
    expect(await states()).toEqual([]);
    const range = { states: ["DISCARDED", "PURGED"], fromMs: 0, toMs: START_MS * 2 } as const;
    const deleted = await at.current.store.deleted.list(QUEUE, range, undefined, 10);
    const job = { id: "j-8", caller: "ann" };
    expect(deleted.messages.map((one) => one.job)).toEqual([job, job]);
    expect(deleted.messages.map(({ workerId }) => workerId)).toEqual([undefined, undefined]);
    const how = { toRetry: false, caller: "ann", settings: { maxMessages: 0, maxBytes: 0 } };
    await at.current.store.deleted.undelete(QUEUE, NO_REQUEST, { ids }, how);
    expect((await states()).map(({ id, state }) => ({ id, state }))).toEqual(
      before.map(({ id, state }) => ({ id, state })),
    );
  },
);

test("a step that damaged keys stop is not stored as done", async () => {
  await send(QUARANTINED);
  const items = await itemsOf();
  const { redis, prefix } = at.current;
  const due = `${queueBase(prefix, QUEUE)}:due`;
  await redis.set(due, "damaged");
  await expect(act("retry", items)).rejects.toThrow();
  expect(await at.current.store.jobs.progress(QUEUE, 8)).toBeUndefined();
  await redis.del(due);
  expect(await act("retry", items)).toBe("DONE");
  expect(await states()).toMatchObject([{ state: "SCHEDULED" }]);
});

test("the same step again changes nothing", async () => {
  await send(LATER);
  const items = await itemsOf();
  expect(await act("retry", items)).toBe("DONE");
  const before = await at.current.dump(QUEUE);
  expect(await act("retry", items)).toBe("DONE");
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("nothing is done if one message has changed, is held by a worker, or is gone", async () => {
  await send();
  await send(LATER);
  const items = await itemsOf();
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed).toHaveLength(1);
  const before = await at.current.dump(QUEUE);
  expect(await act("retry", items)).toBe("CHANGED");
  expect(await act("retry", await itemsOf())).toBe("CHANGED");
  expect(await act("retry", [{ id: new Uint8Array(16), version: 0 }])).toBe("CHANGED");
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a server that lost the job to another one does nothing", async () => {
  await send(LATER);
  const { jobs } = at.current.store;
  expect(await act("retry", [])).toBe("DONE");
  expect(await jobs.progress(QUEUE, 8)).toEqual(FIRST);
  expect(await act("discard", await itemsOf(), { after: SECOND })).toBe("TAKEN");
  expect(await act("discard", await itemsOf(), { before: FIRST, after: SECOND })).toBe("DONE");
  expect(await act("discard", [], { before: undefined, after: FIRST })).toBe("TAKEN");
  await jobs.forgetProgress(QUEUE, 8);
  expect(await jobs.progress(QUEUE, 8)).toBeUndefined();
});

test("edits keep a message where it is, and since when", async () => {
  await send(LATER);
  await send(QUARANTINED);
  const before = await states();
  await at.current.clock.set(START_MS + 1_000);
  const write = { edits: Buffer.from("edited"), payloadBytes: 6, grown: 6 };
  const items = (await itemsOf()).map((one) => ({ ...one, write }));
  expect(await act("edit", items)).toBe("DONE");
  const after = await states();
  expect(after.map(({ version: _, bytes: __, ...rest }) => rest)).toEqual(
    before.map(({ version: _, bytes: __, ...rest }) => rest),
  );
  expect(after.map(({ bytes }) => bytes)).toEqual(before.map(({ bytes }) => bytes + 6));
  expect(await kinds()).toEqual(["sent", "sent", "edited j-8", "edited j-8"]);
});

test("edits wait until the store has room; other actions do not", async () => {
  await send(LATER);
  const items = await itemsOf();
  const { capacity } = at.current.store;
  const full = vi.spyOn(capacity, "requireRoom").mockImplementation(() => {
    throw new Error("full");
  });
  const write = { edits: Buffer.from("edited"), payloadBytes: 6, grown: 6 };
  const edits = items.map((one) => ({ ...one, write }));
  await expect(act("edit", edits)).rejects.toThrow("full");
  expect(await act("retry", items)).toBe("DONE");
  full.mockRestore();
});

test("nothing is done while the clock is behind the creation of the job", async () => {
  await send(LATER);
  const items = await itemsOf();
  const before = await at.current.dump(QUEUE);
  expect(await act("retry", items, { createdMs: START_MS + 1 })).toBe("BEHIND");
  expect(await at.current.dump(QUEUE)).toEqual(before);
});
