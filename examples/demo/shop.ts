// The two sides of the shop that the DLQ is for: the code that places orders and hands over what
// fails, and the worker that tries again when a retry is due.

import {
  createDlqClient,
  type Delivery,
  type DlqClient,
  type SendResult,
  type SettledDelivery,
} from "../../clients/typescript/src/index.ts";
import type { Call } from "./call.ts";
import { type Happening, ofAttempt, ofSend } from "./happening.ts";
import type { Order } from "./orders.ts";
import { SERVICE_NAMES, type ServiceName, serviceOf } from "./services.ts";

export interface ShopOptions {
  /** The gRPC address of the service. */
  readonly url: string;
  readonly call: Call;
  readonly tell: (happening: Happening) => void;
  /** An order went through at its first try. */
  readonly onPlaced: (order: Order) => void;
  /** An order failed, and this is what the DLQ says. */
  readonly onSent: (order: Order, result: SendResult) => void;
  /** An order was tried again. */
  readonly onSettled: (service: ServiceName, settled: SettledDelivery) => void;
  readonly signal: AbortSignal;
}

export interface Shop extends AsyncDisposable {
  /** Never rejects: what fails is in the DLQ then. */
  place(order: Order): Promise<void>;
  readonly dlq: DlqClient;
}

/** How long running work may take when the demo ends. */
const DRAIN_MS = 500;

export function openShop(options: ShopOptions): Shop {
  const { call, tell, signal } = options;
  const dlq = createDlqClient({ url: options.url, service: "shop", spool: false });
  /** When an order failed at first, by its id. */
  const failedAtMs = new Map<number, number>();
  const errors = new WeakMap<Delivery, unknown>();

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
      tell(ofSend(order, error, result));
    }
  }

  dlq.worker({
    queues: SERVICE_NAMES,
    concurrency: 8,
    drainTimeoutMs: DRAIN_MS,
    async handler(delivery) {
      try {
        await call(delivery.payload.json<Order>(), delivery.signal);
      } catch (error) {
        errors.set(delivery, error); // only to show it
        throw error;
      }
    },
    onSettled(delivery, settled) {
      const { id } = delivery.payload.json<Order>();
      const service = serviceOf(delivery.queue).name;
      const ageMs = performance.now() - (failedAtMs.get(id) ?? performance.now());
      const attempt = {
        id,
        service,
        attempt: delivery.attempt,
        error: errors.get(delivery),
        ageMs,
      };
      options.onSettled(service, settled);
      tell(ofAttempt(attempt, settled));
    },
    onError: () => {}, // it goes on by itself; a server that ends is noticed where it was started
  });

  return { place, dlq, [Symbol.asyncDispose]: () => dlq.close(DRAIN_MS) };
}
