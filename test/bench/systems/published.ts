// When all events are published, so that a sample pays for its own events and for no others.

import { setTimeout as sleep } from "node:timers/promises";
import { DEADLINE_MS } from "../consuming.ts";

/** Longer than a change takes to be read and published. */
const SETTLE_MS = 100;
/** Of one answer. A busy server needs much less. */
const ANSWER_MS = 30_000;

export interface Publishing {
  /** `host:port` of the monitoring of nats-server. */
  readonly monitor: string;
  /** `host:port` of the metrics of the server that publishes. */
  readonly metrics: string;
}

/**
 * Resolves when all events are published, and no more have come for a while. It asks nats-server, which costs the measured server
 * nothing, and that server only at the end.
 */
export async function untilPublished({ monitor, metrics }: Publishing): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (let before = -1; performance.now() < deadline; ) {
    const received = await messagesTo(monitor);
    if (received === before && (await waitingPartitions(metrics)) === 0) return;
    before = received;
    await sleep(SETTLE_MS);
  }
  throw new Error("events are not published in time");
}

/** Messages that nats-server has received since its start. */
async function messagesTo(monitor: string): Promise<number> {
  const { in_msgs: count } = JSON.parse(await textOf(`http://${monitor}/varz`));
  if (typeof count !== "number") throw new Error("nats-server does not count messages");
  return count;
}

async function waitingPartitions(metrics: string): Promise<number> {
  const text = await textOf(`http://${metrics}/metrics`);
  const [, value] = /^dlq_event_partitions_waiting (.+)$/m.exec(text) ?? [];
  if (value === undefined) throw new Error("the server does not count partitions with events");
  return Number(value);
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })).text();
}
