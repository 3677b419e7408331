// A worker with the TypeScript client. The plan of a message decides its outcome.

import { setTimeout as sleep } from "node:timers/promises";
import {
  createDlqClient,
  type Delivery,
  discard,
  fail,
  type Outcome,
  quarantine,
  release,
} from "../../../clients/typescript/src/index.ts";
import { seededRandom } from "../../support/random.ts";
import { openHistory } from "../history/writer.ts";
import { readArguments, untilAsked } from "./arguments.ts";
import { readPayload } from "./payloads.ts";
import { recording, untilAnswered } from "./recording.ts";

const args = readArguments([
  "name",
  "address",
  "out",
  "queues",
  "concurrency",
  "lease-ms",
  "seed",
] as const);
const history = openHistory(args.out);
history.write({ e: "started", actor: args.name, role: "worker", language: "typescript" });

const random = seededRandom(Number(args.seed));
const leaseMs = Number(args["lease-ms"]);
/** Maximum work time of a handler, ms. */
const MAX_WORK_MS = 20;

async function handle(delivery: Delivery): Promise<Outcome | undefined> {
  const { plan } = readPayload(delivery.payload.text());
  await sleep(random.below(MAX_WORK_MS));
  switch (plan) {
    case "fail1":
      if (delivery.attempt <= 1) throw new Error("it fails once");
      return undefined;
    case "fail2":
      if (delivery.attempt <= 2) throw new Error("it fails twice");
      return undefined;
    case "exhaust":
      throw new Error("it always fails");
    case "bad":
      return fail(new Error("it fails for good"), { nonRetryable: true });
    case "discard":
      return discard("of no use");
    case "quarantine":
      return quarantine("a human must look");
    case "release":
      return delivery.deliveryNumber === 1 ? release() : undefined;
    case "slow":
      await sleep(leaseMs * 1.5, undefined, { signal: delivery.signal }).catch(() => {});
      return undefined;
    default:
      return undefined;
  }
}

const dlq = createDlqClient({
  url: `http://${args.address}`,
  interceptors: [recording(history)],
  spool: false,
  onDropped: () => {},
});
const worker = dlq.worker({
  queues: args.queues.split(","),
  handler: handle,
  concurrency: Number(args.concurrency),
  leaseDurationMs: leaseMs,
  workerId: args.name,
  onError: () => {}, // the history has the failed calls
});
await untilAsked();
await worker.stop(3 * leaseMs);
await dlq.close();
await untilAnswered();
history.write({ e: "ended" });
