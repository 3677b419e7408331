import { setTimeout as delay } from "node:timers/promises";
import { createDlqClient } from "../../../../clients/typescript/src/index.ts";

/** The worker of the README, with a handler that takes a second. */
export async function runSlowWorker(target: string, queue: string): Promise<void> {
  const dlq = createDlqClient({ url: `http://${target}` });
  const worker = dlq.worker({
    queues: [queue],
    handler: async () => {
      console.log("handling");
      await delay(1_000);
      console.log("handled");
    },
  });
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => worker.stop());
  await worker.done;
}
