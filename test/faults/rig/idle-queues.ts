// Thousands of queues beside those of the load. Each has one message that is due in a month: it must be unchanged at the end.

import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { partitionKeys, queueBase } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { connectTo } from "../../support/grpc.ts";
import { dueIn, sendRequest, text } from "../../support/send-requests.ts";
import type { Environment } from "./environment.ts";
import { sendAllPatiently } from "./patient-send.ts";
import { idleQueue } from "./queues.ts";

const DUE_IN_MS = 30 * 24 * 3_600_000;
const PAGE = 1_000;
const EXAMPLES = 3;

/** The queues with all that is stored of their messages, as a digest. */
export type IdleQueues = ReadonlyMap<string, string>;

/** Stores one message in each queue. */
export async function sendIdle(
  { servers, redis }: Environment,
  count: number,
): Promise<IdleQueues> {
  const names = Array.from({ length: count }, (_, at) => idleQueue(at));
  const client = connectTo(servers[0]?.grpcAddress ?? "");
  const store = await redis();
  try {
    for (const page of pagesOf(names)) {
      const requests = page.map((queue) => ({
        ...sendRequest(queue, { ...dueIn(DUE_IN_MS), payload: text(queue) }),
        requestId: queue,
      }));
      await sendAllPatiently(client.dlq, requests);
    }
    return await readAll(store, names);
  } finally {
    client.close();
    store.disconnect();
  }
}

/** Returns what is wrong with the queues. Empty: nothing. */
export async function problemsOfIdle(
  { redis }: Environment,
  before: IdleQueues,
): Promise<readonly string[]> {
  const store = await redis();
  try {
    const after = await readAll(store, [...before.keys()]);
    const changed = [...before].filter(([queue, was]) => after.get(queue) !== was);
    if (changed.length === 0) return [];
    const examples = changed.slice(0, EXAMPLES).map(([queue]) => queue);
    return [`${changed.length} idle queues have changed, such as ${examples.join(", ")}`];
  } finally {
    store.disconnect();
  }
}

async function readAll(redis: Redis, names: readonly string[]): Promise<IdleQueues> {
  const found = new Map<string, string>();
  for (const page of pagesOf(names)) {
    const reading = redis.pipeline();
    for (const queue of page) {
      const base = queueBase("dlq", queue);
      reading.zrangeBuffer(`${base}:due`, "0", "-1", "WITHSCORES");
      reading.hgetallBuffer(`${base}:states:0`);
      reading.hgetallBuffer(`${base}:bodies:0`);
      // Later than the message is due, it would be delivered late.
      reading.zscore(partitionKeys("dlq", partitionOf(queue)).ready, queue);
      reading.hget(`${base}:counters`, "messages");
    }
    const replies = (await reading.exec()) ?? [];
    const perQueue = replies.length / page.length;
    page.forEach((queue, at) => {
      const hash = createHash("sha1");
      for (const [error, reply] of replies.slice(at * perQueue, (at + 1) * perQueue)) {
        if (error) throw error;
        hash.update(inspected(reply));
      }
      found.set(queue, hash.digest("hex"));
    });
  }
  return found;
}

/** All bytes of a reply, each value apart. */
function inspected(reply: unknown): string {
  if (Buffer.isBuffer(reply)) return `${reply.toString("hex")};`;
  if (Array.isArray(reply)) return `[${reply.map(inspected).join("")}]`;
  if (typeof reply === "object" && reply !== null) return inspected(Object.entries(reply));
  return `${String(reply)};`;
}

function pagesOf(names: readonly string[]): string[][] {
  const starts = Array.from({ length: Math.ceil(names.length / PAGE) }, (_, page) => page * PAGE);
  return starts.map((from) => names.slice(from, from + PAGE));
}
