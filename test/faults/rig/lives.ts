// Messages that no worker takes and whose life ends soon: only the tender of a server sees to that.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Redis } from "ioredis";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { connectTo } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { decodeState } from "../../support/store-state.ts";
import { until } from "../../support/until.ts";
import { sendAllPatiently } from "./patient-send.ts";
import { PROBE_PREFIX } from "./probe.ts";

const ENDED_DEADLINE_MS = 60_000;

let names = 0;

/** Returns the name of a new queue in this partition; later names sort behind it. No history has it. */
export function freshQueueIn(partition: number): string {
  for (;;) {
    const name = `${PROBE_PREFIX}life-${String(++names).padStart(9, "0")}`;
    if (partitionOf(name) === partition) return name;
  }
}

/** Stores a message in each queue. @param address of a server */
export async function sendLives(
  address: string,
  queues: readonly string[],
  ttlMs: number,
): Promise<void> {
  const client = connectTo(address);
  try {
    const ttl = durationFromMs(ttlMs);
    const requests = queues.map((queue) => ({ ...sendRequest(queue, { ttl }), requestId: queue }));
    await sendAllPatiently(client.dlq, requests);
  } finally {
    client.close();
  }
}

/** Resolves when `count` lives have ended in each queue. */
export async function untilEnded(
  redis: Redis,
  queues: readonly string[],
  count = 1,
): Promise<void> {
  const look = async () => {
    const sizes = await Promise.all(
      queues.map((queue) => redis.zcard(`${queueBase("dlq", queue)}:quarantine`)),
    );
    return sizes.every((size) => size === count) || undefined;
  };
  await until(`the end of ${queues.length} lives`, look, ENDED_DEADLINE_MS);
}

/**
 * Returns how late the lives of a queue were ended, ms.
 * @throws Error if the queue has not `count` messages, each ended once
 */
export async function lateMsOf(redis: Redis, queue: string, count = 1): Promise<number> {
  const base = queueBase("dlq", queue);
  // Without KEYS, which takes long while there are thousands of queues. A new queue has one chunk.
  const [states, quarantine, messages] = await Promise.all([
    redis.hvalsBuffer(`${base}:states:0`),
    redis.zcard(`${base}:quarantine`),
    redis.hget(`${base}:counters`, "messages"),
  ]);
  const ended = states
    .map(decodeState)
    .filter(({ quarantineReason }) => quarantineReason === "TTL_EXPIRED");
  if ([ended.length, states.length, quarantine, Number(messages)].some((n) => n !== count)) {
    const words = `${ended.length} ended lives, ${quarantine} of them listed`;
    throw new Error(`queue ${queue} has ${states.length} messages, counted ${messages}, ${words}`);
  }
  return Math.max(...ended.map(({ sinceMs, expireAtMs }) => sinceMs - expireAtMs));
}
