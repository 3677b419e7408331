// Processes what is due until SIGTERM, and writes down each delivery.

import { given, installedClient, note } from "./arguments.ts";

const { createDlqClient } = await installedClient();
const dlq = createDlqClient({ url: `http://${given.target}`, spool: false });
dlq.worker({
  queues: [given.queue],
  leaseDurationMs: 5_000,
  handler: ({ payload, id, attempt, outcomeUnknown }) => {
    const name = payload.text();
    note({ event: "handled", name, atMs: Date.now(), id, attempt, outcomeUnknown });
  },
  onError: () => {}, // the service is away
});
process.once("SIGTERM", async () => {
  await dlq.close();
  process.exit(0);
});
