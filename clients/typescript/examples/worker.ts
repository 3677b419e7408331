// Prints each due order until SIGTERM. The service must run.

// [worker]
import { createDlqClient } from "dlq-client";

const dlq = createDlqClient({ url: "http://localhost:50051" });
const worker = dlq.worker({
  queues: ["orders"],
  handler: ({ attempt, payload }) => {
    console.log("attempt", attempt, payload.text());
  },
});
process.once("SIGTERM", () => worker.stop());
await worker.done;
// [/worker]
