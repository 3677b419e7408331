// Sends at a steady rate until SIGTERM. Records each send and its result.

import { given, installedClient, record } from "./arguments.ts";

const { createDlqClient } = await installedClient();
const dlq = createDlqClient({
  url: `http://${given.target}`,
  service: "outage",
  spool: { folder: given.folder },
  onDropped: () => {}, // the result says so
});

const everyMs = 1_000 / Number(given.rate);
const startedAtMs = performance.now();
let count = 0;
const timer = setInterval(sendDue, everyMs);
process.once("SIGTERM", async () => {
  clearInterval(timer);
  await dlq.close();
  process.exit(0);
});

/** Sends as many as are due by now: the timer may be late. */
function sendDue(): void {
  while (count * everyMs <= performance.now() - startedAtMs) void sendOne(++count);
}

async function sendOne(number: number): Promise<void> {
  const name = `${given.name}-${number}`;
  const beganAtMs = performance.now();
  record({ event: "sending", name, atMs: Date.now() });
  const error = new Error("shop.example did not answer");
  const result = await dlq.send(given.queue, name, error, { delayMs: 50 });
  record({
    event: "result",
    name,
    atMs: Date.now(),
    tookMs: performance.now() - beganAtMs,
    status: result.status,
    ...(result.status === "spooled" ? { durable: result.durable } : {}),
    ...(result.status === "dropped"
      ? { error: `${result.error.kind}: ${result.error.message}` }
      : {}),
  });
}
