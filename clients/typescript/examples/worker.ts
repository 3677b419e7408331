// Prints each due order until SIGTERM or Ctrl-C. The service must run.

// [worker]
import { createDlqClient } from "dlq-client";

const dlq = createDlqClient({ url: "http://localhost:50051" });
const worker = dlq.worker({
  queues: ["orders"],
  handler: ({ attempt, payload }) => {
    console.log("attempt", attempt, payload.text());
  },
});
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => worker.stop());
await worker.done;
// [/worker]
