// Prints each order that is due, until it is asked to end. The service has to run.

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
