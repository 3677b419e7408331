// A producer with the TypeScript client. It sends at a steady rate during all faults.

import { createDlqClient } from "../../../clients/typescript/src/index.ts";
import { seededRandom } from "../../support/random.ts";
import { guardedFacts } from "../history/guarded-facts.ts";
import { sourceName } from "../history/source-name.ts";
import { openHistory } from "../history/writer.ts";
import { readArguments } from "./arguments.ts";
import { EXHAUST_RETRIES, payloadOf, planFrom, RETRY_POLICY, type Weights } from "./payloads.ts";
import { recording, untilAnswered } from "./recording.ts";

const args = readArguments([
  "name",
  "address",
  "out",
  "queues",
  "messages",
  "rate",
  "seed",
  "plans",
] as const);
const history = openHistory(args.out);
history.write({ e: "started", actor: args.name, role: "producer", language: "typescript" });

const random = seededRandom(Number(args.seed));
const queues = args.queues.split(",");
const weights = JSON.parse(args.plans) as Weights;
const dlq = createDlqClient({
  url: `http://${args.address}`,
  interceptors: [recording(history)],
  spool: false,
  onDropped: () => {}, // the history has each try
});

/** Interval between sends, ms. */
const EVERY_MS = 10;
/** Maximum of pending sends: a slow machine answers so many before their deadline. Further sends come later. */
const MAX_PENDING = 500;

const ratePerMs = Number(args.rate) / 1_000;
let left = Number(args.messages);
let sequence = 0;
let pending = 0;
let dueAtMs = performance.now();

function send(): void {
  const plan = planFrom(weights, random);
  const source = sourceName(args.name, ++sequence);
  const { host, order, priority } = guardedFacts(sequence);
  pending++;
  void dlq
    .send(random.pick(queues), payloadOf(source, plan, random), new Error("it broke"), {
      sourceId: source,
      attributes: { host },
      priority,
      ...(order === undefined ? {} : { orderingKey: order }),
      retryPolicy: RETRY_POLICY,
      ...(plan === "exhaust" ? { maxRetries: EXHAUST_RETRIES } : {}),
      delayMs: random.below(300),
    })
    .finally(() => pending--);
}

const { promise: done, resolve: end } = Promise.withResolvers<void>();
process.once("SIGTERM", end);
const timer = setInterval(() => {
  const nowMs = performance.now();
  for (; dueAtMs <= nowMs && left > 0 && pending < MAX_PENDING; left--) {
    send();
    dueAtMs += 1 / ratePerMs;
  }
  if (pending >= MAX_PENDING) dueAtMs = nowMs;
  if (left === 0) end();
}, EVERY_MS);
await done;
clearInterval(timer);
await dlq.flush();
await dlq.close();
await untilAnswered();
history.write({ e: "ended" });
