// Sends at a steady rate until SIGTERM, and writes down each send before it and after it.

import { given, installedClient, note } from "./arguments.ts";

const { createDlqClient } = await installedClient();
const dlq = createDlqClient({
  url: `http://${given.target}`,
  service: "outage",
  spool: { folder: given.folder },
  onDropped: () => {}, // its result says so
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

/** As many as should have gone by now, however late the timer is. */
function sendDue(): void {
  while (count * everyMs <= performance.now() - startedAtMs) void sendOne(++count);
}

async function sendOne(number: number): Promise<void> {
  const name = `${given.name}-${number}`;
  const beganAtMs = performance.now();
  note({ event: "sending", name, atMs: Date.now() });
  const error = new Error("shop.example did not answer");
  const result = await dlq.send(given.queue, name, error, { delayMs: 50 });
  note({
    event: "told",
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
