// The producer process: `node producer.ts HOST:PORT`.

import { createDlqClient } from "../../../clients/typescript/src/index.ts";
import { payloadText } from "../../bench/load/commands.ts";
import { fateOf, queueOf } from "../fate.ts";
import type { Order } from "./protocol.ts";
import { reportTotals } from "./report-totals.ts";

const TURN_MS = 10;
/** Maximum of pending sends: more would only wait here and count as lateness of the service. */
const MAX_PENDING = 2_000;
/** Concurrent senders for the maximum rate. */
const CALLERS = 400;

const SMALL = payloadText(200);
/** Large enough to be stored compressed. */
const LARGE = JSON.stringify(
  Array.from({ length: 60 }, (_, n) => ({ line: n, text: "an order line" })),
);

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error("give the server: HOST:PORT");
const dlq = createDlqClient({
  url: `http://${address}`,
  service: "soak",
  spool: false,
  onDropped: () => {},
});
const error = new Error("shop.example did not answer within 5 s");
const retryPolicy = { maxRetries: 5, initialDelayMs: 100, maxDelayMs: 500, multiplier: 2 };

let underWay = 0;
let count = 0;
let stopped = true;

const totals = reportTotals(async (order: Order) => {
  stopped = true;
  if (order === "stop") return dlq.flush();
  stopped = false;
  if (order.send === "most") await Promise.all(Array.from({ length: CALLERS }, sendOn));
  else await sendSteadily(order.send);
});

async function sendOn(): Promise<void> {
  while (!stopped) await send();
}

async function sendSteadily(rate: number): Promise<void> {
  const beganAt = performance.now();
  let due = 0;
  while (!stopped) {
    const until = Math.floor(((performance.now() - beganAt) * rate) / 1_000);
    for (; due < until; due++) {
      if (underWay >= MAX_PENDING) totals.heldBack++;
      else void send();
    }
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
  }
}

async function send(): Promise<void> {
  const index = ++count;
  const fate = fateOf(index);
  underWay++;
  const { status } = await dlq.send(
    queueOf(fate),
    { fate, text: index % 20 === 0 ? LARGE : SMALL },
    error,
    {
      retryPolicy,
      // A quarter is due at once, the others within two seconds.
      delayMs: index % 4 === 0 ? 0 : (index * 37) % 2_000,
      ...(index % 10 === 0 && { sourceId: `source-${process.pid}-${index}` }),
      ...(index % 10 === 5 && { dedupKey: `key-${process.pid}-${index}` }),
    },
  );
  underWay--;
  if (status === "dropped") totals.dropped++;
  else totals.sent++;
}
