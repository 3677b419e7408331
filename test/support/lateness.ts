import type { DlqClient } from "./grpc.ts";
import { msOf, sendAll } from "./grpc.ts";
import { dueAt, sendRequest } from "./send-requests.ts";
import { type Received, Worker } from "./worker.ts";

export interface LatenessOptions {
  readonly queue: string;
  /** Messages that become due in each second, evenly spread. */
  readonly rate: number;
  readonly seconds: number;
  readonly maxInFlight?: number;
  /** How long storing one message takes on this machine, at most. Default: 0.5. */
  readonly storeOneMs?: number;
}

/** All must be stored before the first one is due. */
const HEAD_START_MS = 1_000;
const ACK_EVERY_MS = 5;

/**
 * Stores messages with due times in the near future and works through them on one stream. Gives,
 * sorted, how many milliseconds after its due time each was read.
 */
export async function measureLateness(
  dlq: DlqClient,
  { queue, rate, seconds, maxInFlight = 1_000, storeOneMs = 0.5 }: LatenessOptions,
): Promise<number[]> {
  const count = rate * seconds;
  const firstAtMs = Date.now() + HEAD_START_MS + count * storeOneMs;
  const requests = Array.from({ length: count }, (_, index) =>
    sendRequest(queue, dueAt(firstAtMs + (index * 1_000) / rate)),
  );
  await sendAll(dlq, requests);
  if (Date.now() > firstAtMs)
    throw new Error("some messages were due before all were stored; send fewer");

  const worker = await Worker.open(dlq, { queues: [queue], maxInFlight });
  let done: Received[] = [];
  worker.onReceived = (received) => done.push(received);
  const settling = setInterval(() => {
    const batch = done;
    done = [];
    if (batch.length > 0) worker.settleAll(batch).catch(() => {}); // the count below tells
  }, ACK_EVERY_MS);
  try {
    await worker.hasReceived(count, firstAtMs - Date.now() + (seconds + 120) * 1_000);
  } finally {
    clearInterval(settling);
    await worker.settleAll(done);
    await worker.close();
  }
  return worker.received
    .map(({ atMs, message }) => atMs - msOf(message.dueTime))
    .sort((a, b) => a - b);
}
