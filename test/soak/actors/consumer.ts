// The consumer process: `node consumer.ts HOST:PORT`. It has a worker that reports the outcome of each message, one that
// lets leases expire, and an operator that retries quarantined messages.

import { randomUUID } from "node:crypto";
import {
  createDlqClient,
  type Delivery,
  type Outcome,
  quarantine,
  release,
} from "../../../clients/typescript/src/index.ts";
import { type Fate, LOSING_QUEUE, QUEUE } from "../fate.ts";
import { startLosing } from "./losing.ts";
import { reportTotals } from "./report-totals.ts";

const RETRY_EVERY_MS = 1_000;
/** Maximum ids in one call. */
const MAX_IDS = 1_000;

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error("give the server: HOST:PORT");
const dlq = createDlqClient({ url: `http://${address}`, spool: false });
const totals = reportTotals(() => {});
const quarantined: string[] = [];

totals.sessions++;
dlq.worker({
  queues: [QUEUE],
  concurrency: 256,
  handler,
  onSettled({ id }, { outcome }) {
    if (outcome === "quarantined") quarantined.push(id);
    if (outcome !== "discarded") totals[outcome]++;
  },
  onError(error) {
    if (error.kind === "connection") return void totals.streams++;
    if (error.kind === "handler-failed") return; // as its message says
    totals.errors++;
    totals.lastError = error.message;
  },
});

function handler({ payload, attempt, deliveryNumber }: Delivery): Outcome | undefined {
  const { fate } = payload.json() as { fate: Fate };
  if (fate === "fail" && attempt <= 2) throw new Error("shop.example is still down");
  if (fate === "release" && deliveryNumber === 1) return release();
  if (fate === "quarantine" && deliveryNumber === 1) return quarantine("to be looked at");
  return undefined;
}

startLosing(dlq.stubs, LOSING_QUEUE, totals);

/** Retries all quarantined messages, like a person after an inspection. */
async function operate(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    const ids = quarantined.splice(0, MAX_IDS);
    if (ids.length === 0) continue;
    try {
      const request = { queue: QUEUE, ids, requestId: randomUUID() };
      const { retriedCount } = await dlq.stubs.retry(request, { timeoutMs: 5_000 });
      totals.retried += retriedCount;
    } catch {
      quarantined.unshift(...ids); // the connection has just ended; try again later
    }
  }
}

void operate();
