import type { DlqClient } from "./grpc.ts";
import { msOf, sendAll } from "./grpc.ts";
import { dueIn, letter } from "./letters.ts";
import { type Received, Worker } from "./worker.ts";

export interface LatenessOptions {
  readonly queue: string;
  /** Messages that become due in each second, evenly spread. */
  readonly rate: number;
  readonly seconds: number;
  readonly maxInFlight?: number;
}

/** Before the first one is due, all must be stored. */
const HEAD_START_MS = 1_000;
const ACK_EVERY_MS = 5;

/**
 * Stores messages with due times in the near future and works through them on one stream. Gives,
 * sorted, how many milliseconds after its due time each was read.
 */
export async function measureLateness(
  dlq: DlqClient,
  { queue, rate, seconds, maxInFlight = 1_000 }: LatenessOptions,
): Promise<number[]> {
  const count = rate * seconds;
  const firstAtMs = Date.now() + HEAD_START_MS + count / 20;
  const requests = Array.from({ length: count }, (_, index) =>
    letter(queue, dueIn(Math.max(0, Math.round(firstAtMs + (index * 1_000) / rate - Date.now())))),
  );
  await sendAll(dlq, requests);

  const worker = await Worker.open(dlq, { queues: [queue], maxInFlight });
  let done: Received[] = [];
  worker.onReceived = (received) => done.push(received);
  const settling = setInterval(() => {
    const batch = done;
    done = [];
    if (batch.length > 0) worker.settleAll(batch).catch(() => {}); // the count below tells
  }, ACK_EVERY_MS);
  try {
    await worker.hasReceived(count, (seconds + 30) * 1_000 + count / 20);
  } finally {
    clearInterval(settling);
    await worker.settleAll(done);
    await worker.close();
  }
  return worker.received
    .map(({ atMs, message }) => atMs - msOf(message.dueTime))
    .sort((a, b) => a - b);
}

/** @param sorted ascending; @param share from 0 to 1 */
export function quantile(sorted: readonly number[], share: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[index] ?? Number.NaN;
}
