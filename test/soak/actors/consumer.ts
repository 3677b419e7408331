// A process that works on what is due: `node consumer.ts HOST:PORT`. A worker that reports what each
// message is to become, one that lets leases run out, and an operator who retries what was set aside.

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
/** Of one call. */
const MOST_IDS = 1_000;

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error("name the server: HOST:PORT");
const dlq = createDlqClient({ url: `http://${address}`, spool: false });
const totals = reportTotals(() => {});
const setAside: string[] = [];

totals.sessions++;
dlq.worker({
  queues: [QUEUE],
  concurrency: 256,
  handler,
  onSettled({ id }, { outcome }) {
    if (outcome === "quarantined") setAside.push(id);
    if (outcome !== "discarded") totals[outcome]++;
  },
  onError(error) {
    if (error.kind === "connection") return void totals.streams++;
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

/** What a person would do after a look: all of them again. */
async function operate(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    const ids = setAside.splice(0, MOST_IDS);
    if (ids.length === 0) continue;
    try {
      const request = { queue: QUEUE, ids, requestId: randomUUID() };
      const { retriedCount } = await dlq.stubs.retry(request, { timeoutMs: 5_000 });
      totals.retried += retriedCount;
    } catch {
      setAside.unshift(...ids); // the connection has just ended
    }
  }
}

void operate();
