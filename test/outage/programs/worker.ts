// Handles what is due until SIGTERM. Records each delivery.

import { given, installedClient, record } from "./arguments.ts";

const { createDlqClient } = await installedClient();
const dlq = createDlqClient({ url: `http://${given.target}`, spool: false });
dlq.worker({
  queues: [given.queue],
  leaseDurationMs: 5_000,
  handler: ({ payload, id, attempt, outcomeUnknown }) => {
    const name = payload.text();
    record({ event: "handled", name, atMs: Date.now(), id, attempt, outcomeUnknown });
  },
  onError: () => {}, // the service is unavailable
});
process.once("SIGTERM", async () => {
  await dlq.close();
  process.exit(0);
});
