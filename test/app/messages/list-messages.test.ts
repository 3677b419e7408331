import { beforeEach, expect, it } from "vitest";
import {
  createListMessages,
  EXAMINED_A_CALL,
  type ListMessagesCommand,
} from "../../../src/app/messages/list-messages.ts";
import { Scanner, type ScanPlace, type ScanStore } from "../../../src/app/messages/scan.ts";
import { ScanSlots } from "../../../src/app/messages/scan-slots.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { compileFilter } from "../../../src/rules/filter.ts";
import { envelope } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
} from "../../support/store-items.ts";

const at = useTestStore();
const SIGNAL = new AbortController().signal;

const listFrom = (store: ScanStore) =>
  createListMessages({
    scanner: new Scanner(store),
    slots: new ScanSlots("lists", 1, 0),
    redactionOf: () => undefined,
    damageLog: { report() {} },
  });

let taken: string[];
beforeEach(() => {
  taken = [];
});

async function send(queue: string, count: number, text = "{}"): Promise<string[]> {
  const body = envelope(text);
  const ids: Uint8Array[] = [];
  for (let left = count; left > 0; left -= 100) {
    const items = Array.from({ length: Math.min(left, 100) }, () => item({ envelope: body }));
    ids.push(...(await at.current.store.send(queue, items, SETTINGS)).map(storedId));
  }
  return ids.map(hex);
}

function command(over: Partial<ListMessagesCommand> & { filterText?: string } = {}) {
  const { filterText = "", ...rest } = over;
  return {
    queues: new QueuePattern("*"),
    filter: compileFilter(filterText),
    ...{ newestFirst: false, pageSize: 100, after: undefined, showRedacted: false },
    history: false,
    take: (queue: string, id: Uint8Array) => taken.push(`${queue} ${hex(id)}`) > 0,
    ...rest,
  } satisfies ListMessagesCommand;
}
const list = (over?: Parameters<typeof command>[0]) =>
  listFrom(at.current.store)(command(over), SIGNAL);

/** Lists until there is no further page; returns how many messages each call examined. */
async function listAll(over: Parameters<typeof command>[0] = {}): Promise<number[]> {
  const examined: number[] = [];
  let after: ScanPlace | undefined;
  do {
    const page = await list({ ...over, after });
    examined.push(page.examined);
    after = page.next;
  } while (after !== undefined);
  return examined;
}

it("lists the messages of all queues, by queue and in order of arrival", async () => {
  const expected: string[] = [];
  for (const queue of ["a", "b", "c"]) {
    expected.push(...(await send(queue, 150)).map((id) => `${queue} ${id}`));
  }
  await listAll();
  expect(taken).toEqual(expected);
  taken = [];
  await listAll({ newestFirst: true, pageSize: 7 });
  const byQueue = Map.groupBy(expected, ([queue]) => queue);
  expect(taken).toEqual([...byQueue.values()].flatMap((own) => own.toReversed()));
});

it("lists the queues that match a pattern", async () => {
  for (const queue of ["nrders", "orders", "orders-eu", "orders-us", "orderz", "z-eu"]) {
    await send(queue, 1);
  }
  const queuesOf = async (pattern: string) => {
    taken = [];
    await listAll({ queues: new QueuePattern(pattern), pageSize: 1 });
    return taken.map((line) => line.split(" ")[0]);
  };
  expect(await queuesOf("orders")).toEqual(["orders"]);
  expect(await queuesOf("orders*")).toEqual(["orders", "orders-eu", "orders-us"]);
  expect(await queuesOf("*-eu")).toEqual(["orders-eu", "z-eu"]);
  expect(await queuesOf("nothing*")).toEqual([]);
  expect(await queuesOf("nothing")).toEqual([]);
});

it("lists what the filter matches, by state and by content", async () => {
  const acme = await send("a", 3, '{"customer":"acme"}');
  await send("a", 200);
  const more = await send("b", 2, '{"customer":"acme"}');
  await listAll({ filterText: 'payload.contains("acme")' });
  expect(taken).toEqual([...acme.map((id) => `a ${id}`), ...more.map((id) => `b ${id}`)]);
  const [held] = (await at.current.tick("b", [session(1, { count: 1 })])).claimed;
  taken = [];
  await listAll({ filterText: 'state == "IN_FLIGHT" && payload.contains("acme")' });
  expect(taken).toEqual([`b ${held && hex(held.id)}`]);
  taken = [];
  await listAll({ filterText: 'message.queue == "c"' });
  expect(taken).toEqual([]);
});

it("ends a page where the answer is full, and goes on there", async () => {
  const ids = await send("a", 10);
  let room = 4;
  const page = await list({ take: (_queue, id) => room-- > 0 && taken.push(hex(id)) > 0 });
  expect([taken.length, page.examined]).toEqual([4, 4]);
  await list({ after: page.next, take: (_queue, id) => taken.push(hex(id)) > 0 });
  expect(taken).toEqual(ids);
});

it("examines a limited number of messages a call", async () => {
  await send("a", EXAMINED_A_CALL + 3_000);
  const examined = await listAll({ filterText: "attempts == 77" });
  expect(examined.reduce((sum, one) => sum + one)).toBe(EXAMINED_A_CALL + 3_000);
  expect(examined).toHaveLength(2);
  expect(Math.max(...examined)).toBeLessThan(EXAMINED_A_CALL + 2_000);
  expect(taken).toEqual([]);
});

it("examines many more where the store leaves out what the state rules out", async () => {
  await send("a", EXAMINED_A_CALL + 3_000);
  expect(await listAll({ filterText: 'state == "IN_FLIGHT"' })).toEqual([EXAMINED_A_CALL + 3_000]);
  expect(taken).toEqual([]);
});

it("reads a limited amount of content a call", async () => {
  await send("a", 30, "x".repeat(3 * 1024 * 1024));
  const examined = await listAll({ filterText: 'payload.contains("y")' });
  expect(examined).toEqual([22, 8]);
});

it("looks at a limited number of queues a call", async () => {
  for (let n = 0; n < 600; n++) await send(`queue-${String(n).padStart(3, "0")}`, 1);
  const examined = await listAll({ filterText: 'state == "IN_FLIGHT"' });
  expect(examined.length).toBeGreaterThan(1);
  expect(examined.reduce((sum, one) => sum + one)).toBe(600);
});

it("looks at a limited number of names a call, and lists no queue outside the pattern", async () => {
  const names = Array.from({ length: 6_000 }, (_, n) => `queue-${n}`).toSorted();
  const store = at.current.store;
  const read: string[] = [];
  const scripted = {
    messageReads: {
      ...store.messageReads,
      async states(queue: string) {
        read.push(queue);
        return EMPTY;
      },
    },
    queues: async (after = "", most = 0) => {
      const from = names.findIndex((name) => name > after);
      return from < 0 ? [] : names.slice(from, from + most);
    },
  };
  let calls = 0;
  let after: ScanPlace | undefined;
  do {
    calls++;
    after = (await listFrom(scripted)(command({ queues: new QueuePattern("*-77"), after }), SIGNAL))
      .next;
  } while (after !== undefined);
  expect(calls).toBe(2);
  expect(read).toEqual(["queue-77"]);
});

const EMPTY = { nowMs: 0, messages: [], examined: 0, next: undefined };

it("judges a message by what it is when it is taken", async () => {
  await send("a", 2);
  const { store } = at.current;
  const claimed = [...(await at.current.tick("a", [session(1)])).claimed];
  const racing = {
    queues: store.queues.bind(store),
    messageReads: {
      ...store.messageReads,
      async listed(queue: string, ids: readonly Uint8Array[], history: boolean) {
        const [first, second] = claimed.splice(0);
        if (first !== undefined && second !== undefined) {
          await store.settle("a", NO_REQUEST, [
            outcome(first, "succeed"),
            outcome(second, "failReschedule", { delayMs: 5_000, failure: new Uint8Array() }),
          ]);
        }
        return store.messageReads.listed(queue, ids, history);
      },
    },
  };
  await listFrom(racing)(command({ filterText: 'state == "IN_FLIGHT"' }), SIGNAL);
  expect(taken).toEqual([]);
});

it("stops when the caller has gone", async () => {
  await send("a", 1);
  const gone = AbortSignal.abort();
  await expect(listFrom(at.current.store)(command(), gone)).rejects.toThrow();
});
