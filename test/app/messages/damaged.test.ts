// What lists and counts do with messages that cannot be read.

import { afterEach, beforeEach, expect, it } from "vitest";
import { createGroupOf } from "../../../src/app/groups/failure-group.ts";
import { createMessageAdmin } from "../../../src/app/messages/message-admin.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import { writeStoredMessage } from "../../../src/rpc/convert/stored-message.ts";
import { compileFilter, compileValue } from "../../../src/rules/filter.ts";
import { envelope } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import {
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
} from "../../support/store-items.ts";

const at = useTestStore();
const SIGNAL = new AbortController().signal;

/** Another program has written these: no protobuf message, and no compressed one. */
const DAMAGES = { undecodable: Buffer.of(0xff), uncompressible: Buffer.of(1, 9, 0, 0, 0, 7) };

let lines: { queue?: string; id?: string; error?: string }[];
let nowMs: number;
let admin: ReturnType<typeof createMessageAdmin>;
beforeEach(() => {
  lines = [];
  nowMs = 0;
  admin = createMessageAdmin({
    ...{ store: at.current.store, settingsOf: () => DEFAULT_QUEUE_SETTINGS },
    stats: async () => ({ queues: [], nowMs: 0 }) as never,
    log: { warn: (facts) => void lines.push(facts), info() {} },
    ...{ now: () => nowMs, groupOf: createGroupOf(), onDeleting() {} },
  });
});

/** Undoes the damage. */
let restore: () => Promise<unknown>;
afterEach(() => restore());

async function damageField(suffix: string, id: Uint8Array, damage: Buffer): Promise<void> {
  const { redis } = at.current;
  const [key, field] = [at.current.key("orders", suffix), Buffer.from(id)];
  const sound = (await redis.hgetBuffer(key, field)) ?? Buffer.alloc(0);
  await redis.hset(key, field, damage);
  restore = () => redis.hset(key, field, sound);
}

/** Sends three messages and damages the second. Returns their ids. */
async function sendDamaged(damage: Buffer): Promise<Uint8Array[]> {
  const items = [1, 2, 3].map((n) => item({ envelope: envelope(`{"n":${n}}`) }));
  const ids = (await at.current.store.send("orders", items, SETTINGS)).map(storedId);
  const [, second = new Uint8Array()] = ids;
  await damageField(":bodies:0", second, damage);
  return ids;
}

async function list(filter = "", history = false) {
  const taken: string[] = [];
  const page = await admin.list(
    {
      ...{ queues: new QueuePattern("*"), filter: compileFilter(filter), showRedacted: false },
      ...{ newestFirst: false, pageSize: 100, after: undefined, history },
      take(queue, id, details, view) {
        writeStoredMessage(queue, id, details, view);
        return taken.push(formatMessageId(id)) > 0;
      },
    },
    SIGNAL,
  );
  return { taken, ...page };
}

async function count(filter: string, by: readonly string[]) {
  const values = by.map((text) => compileValue(text));
  const queues = new QueuePattern("*");
  const asked = { queues, filter: compileFilter(filter), by: values, showRedacted: false };
  for await (const one of admin.count(asked, SIGNAL)) if (one.isDone) return one;
  return undefined;
}

it.each(Object.entries(DAMAGES))("a list leaves out %s messages and goes on", async (_, damage) => {
  const ids = await sendDamaged(damage);
  const [first, second, third] = ids.map(formatMessageId);
  for (const filter of ["", 'payload.contains("n")']) {
    const page = { taken: [first, third], examined: 3, damaged: 1, next: undefined };
    expect(await list(filter)).toMatchObject(page);
  }
  expect(lines).toEqual([{ queue: "orders", id: second, error: expect.stringMatching(/./) }]);
  nowMs += 60_000;
  await list();
  expect(lines).toHaveLength(2);
});

it.each(Object.entries(DAMAGES))("a count goes on behind %s messages", async (_, damage) => {
  await sendDamaged(damage);
  const counted = { counts: [{ values: [""], count: 2 }], examined: 3, damaged: 1 };
  expect(await count('payload.contains("n")', ["message.source_id"])).toMatchObject(counted);
  expect(await count("", ["message.source_id"])).toMatchObject(counted);
  expect(lines).toHaveLength(1);
  const byState = { counts: [{ values: ["SCHEDULED"], count: 3 }], damaged: 0 };
  expect(await count("", ["state"])).toMatchObject(byState);
});

it("a list leaves out a message whose failures are damaged", async () => {
  await at.current.store.send("orders", [item({ envelope: envelope("{}") })], SETTINGS);
  const [claimed] = (await at.current.tick("orders", [session(1)])).claimed;
  if (claimed === undefined) throw new Error("nothing was due");
  const failed = outcome(claimed, "failReschedule", { failure: new Uint8Array(3), delayMs: 0 });
  await at.current.store.settle("orders", NO_REQUEST, [failed]);
  await damageField(":failures:0", claimed.id, Buffer.from("\0\0\x09\x09short"));
  for (const history of [false, true]) {
    expect(await list("", history)).toMatchObject({ taken: [], damaged: 1 });
  }
});

it("a look at a damaged message says which it is and what to do", async () => {
  const [, second = new Uint8Array()] = await sendDamaged(DAMAGES.uncompressible);
  await expect(admin.get("orders", second, false)).rejects.toMatchObject({
    kind: "DAMAGED",
    message: expect.stringContaining(`${formatMessageId(second)} of queue orders is damaged`),
  });
});
