// NATS is unavailable for so long that the outbox has to remove what is not published.

import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { connectTo } from "../../support/grpc.ts";
import { dueIn, sendRequests } from "../../support/send-requests.ts";
import { until } from "../../support/until.ts";
import { nowMs } from "../history/writer.ts";
import { type EventsEnvironment, OUTBOX_MAX_BYTES } from "../rig/events.ts";
import type { HistoryFollower } from "../rig/history-follower.ts";
import { sendAllPatiently } from "../rig/patient-send.ts";
import { PROBE_PREFIX } from "../rig/probe.ts";
import type { FaultKind } from "./kind.ts";

const QUEUE = `${PROBE_PREFIX}flood`;
const KEYS = partitionKeys("dlq", partitionOf(QUEUE));
/** Messages of a call. The suite records their changes before the next call. */
const BATCH = 1_000;
/** Nearly all that fits into the fields of a change. */
const SOURCE_CHARS = 200;
const MONTH_MS = 30 * 24 * 3_600_000;
const SEEN_DEADLINE_MS = 120_000;

/** The rate of outcomes is measured for so long before, and for at least so long during the fault. */
const BEFORE_MS = 5_000;
const DURING_MS = 8_000;
/** A rate that only varies returns to the usual one in this time. */
const RATE_DEADLINE_MS = 40_000;
const RATE_GOAL = 0.95;

/** Applied outcomes a second since it was called, at each call of the returned function. */
function rateOf(seen: HistoryFollower): () => number {
  const [before, startedAtMs] = [seen.applied, performance.now()];
  return () => ((seen.applied - before) * 1_000) / (performance.now() - startedAtMs);
}

/** @throws Error if outcomes are applied more slowly than before */
async function untilRate(seen: HistoryFollower, usual: number): Promise<string> {
  const rate = rateOf(seen);
  const endAtMs = performance.now() + RATE_DEADLINE_MS;
  await sleep(DURING_MS);
  while (rate() < RATE_GOAL * usual) {
    if (performance.now() > endAtMs) {
      throw new Error(`without NATS ${rate().toFixed()} of ${usual.toFixed()} outcomes a second`);
    }
    await sleep(100);
  }
  return `${(rate() / usual).toFixed(2)} of ${usual.toFixed()} outcomes a second`;
}

/** The bytes that a shared reader has read, and those that the outbox may keep for it. */
async function readerOf(redis: Redis): Promise<{ position: number; keep: number }> {
  const value = (await redis.hget(KEYS.outboxReaders, "nats")) ?? "";
  const [position = 0, keep = 0] = value.split(" ").map(Number);
  return { position, keep };
}

async function bytesAt(redis: Redis, end: "first" | "last"): Promise<number> {
  const [entry] =
    end === "first"
      ? await redis.xrange(KEYS.outbox, "-", "+", "COUNT", 1)
      : await redis.xrevrange(KEYS.outbox, "+", "-", "COUNT", 1);
  return Number(entry?.[0].split("-")[0] ?? 0);
}

/** Sends messages until the outbox has removed what is not published. Returns the bytes that it kept at least. */
async function flood(environment: EventsEnvironment, redis: Redis): Promise<number> {
  const client = connectTo(environment.balancer);
  let sent = 0;
  const send = async (count: number) => {
    const requests = sendRequests(count, QUEUE, dueIn(MONTH_MS)).map((request) => {
      const id = `flood-${nowMs()}-${++sent}`;
      return { ...request, requestId: id, sourceId: id.padEnd(SOURCE_CHARS, ".") };
    });
    await sendAllPatiently(client.dlq, requests);
    await environment.record.upToNow();
  };
  try {
    await send(1);
    const isTaken = async () => (await readerOf(redis)).keep > OUTBOX_MAX_BYTES || undefined;
    await until("a server to keep the partition for NATS", isTaken, SEEN_DEADLINE_MS);
    let kept = 0;
    const overflows = async () => {
      await send(BATCH);
      const { position } = await readerOf(redis);
      if ((await bytesAt(redis, "first")) > position) return true;
      kept = (await bytesAt(redis, "last")) - position;
      return undefined;
    };
    await until("the outbox to remove unread changes", overflows, SEEN_DEADLINE_MS);
    return kept;
  } finally {
    client.close();
  }
}

export const overflow: FaultKind<EventsEnvironment> = {
  name: "nats-overflow",
  words:
    "NATS is down until a queue has more changes than wait for it, so a gap is announced; outcomes continue at their rate",
  touches: ["nats", "servers", "store", "store-link", "client-links", "workers"],
  async run({ environment, crew }) {
    const { nats, trimmings } = environment;
    const usualRate = rateOf(crew.seen);
    await sleep(BEFORE_MS);
    const usual = usualRate();
    const redis = await environment.redis();
    const from = nowMs();
    await nats.kill9();
    try {
      const rate = await untilRate(crew.seen, usual);
      const kept = await flood(environment, redis);
      if (kept <= OUTBOX_MAX_BYTES) throw new Error(`only ${kept} bytes were kept for NATS`);
      return `${rate}; ${(kept / 1024 ** 2).toFixed(1)} MiB of a partition waited`;
    } finally {
      trimmings.push({ from, to: nowMs() });
      redis.disconnect();
      await nats.restart();
    }
  },
};
