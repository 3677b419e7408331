// The shop: a producer, which sends each order that fails to the DLQ, and a worker, which retries it when it is due.

import {
  createDlqClient,
  type DlqClient,
  type SendResult,
  type SettledDelivery,
} from "../../clients/typescript/src/index.ts";
import { type Call, type Order, SERVICE_NAMES, type ServiceName, serviceOf } from "./services.ts";
import { attemptEvent, type DemoEvent, sendEvent } from "./view.ts";

export interface ShopOptions {
  /** The gRPC address of the service. */
  readonly url: string;
  readonly call: Call;
  readonly report: (event: DemoEvent) => void;
  /** An order succeeded on the first call. */
  readonly onPlaced: (order: Order) => void;
  /** An order failed; `result` is the answer of the DLQ. */
  readonly onSent: (order: Order, result: SendResult) => void;
  /** A retry of an order has an outcome. */
  readonly onSettled: (service: ServiceName, settled: SettledDelivery) => void;
  readonly signal: AbortSignal;
}

export interface Shop extends AsyncDisposable {
  /** Never rejects: a failed order is sent to the DLQ. */
  place(order: Order): Promise<void>;
  readonly dlq: DlqClient;
}

/** How long handlers may run on when the demo ends. */
const DRAIN_MS = 500;

export function openShop(options: ShopOptions): Shop {
  const { call, report, signal } = options;
  const dlq = createDlqClient({ url: options.url, service: "shop", spool: false });
  /** Order id -> when it failed first. */
  const failedAtMs = new Map<number, number>();

  // The producer.
  async function place(order: Order): Promise<void> {
    try {
      await call(order, signal);
      options.onPlaced(order);
    } catch (error) {
      if (signal.aborted) return;
      failedAtMs.set(order.id, performance.now());
      const sourceId = `order-${order.id}`;
      const result = await dlq.send(order.service, order, error, { sourceId });
      options.onSent(order, result);
      report(sendEvent(order, error, result));
    }
  }

  // The worker.
  dlq.worker({
    queues: SERVICE_NAMES,
    concurrency: 8,
    drainTimeoutMs: DRAIN_MS,
    handler: ({ payload, signal }) => call(payload.json<Order>(), signal),
    onSettled(delivery, settled) {
      const { id } = delivery.payload.json<Order>();
      const service = serviceOf(delivery.queue).name;
      const ageMs = performance.now() - (failedAtMs.get(id) ?? performance.now());
      const attempt = {
        id,
        service,
        attempt: delivery.attempt,
        error: settled.error,
        ageMs,
      };
      options.onSettled(service, settled);
      report(attemptEvent(attempt, settled));
    },
    onError: () => {}, // the worker reconnects by itself; demo.ts detects a server that ended
  });

  return { place, dlq, [Symbol.asyncDispose]: () => dlq.close(DRAIN_MS) };
}
