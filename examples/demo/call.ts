// One call of a service, as the shop and its worker make it: with a deadline, and with errors that
// carry what is known. The DLQ reads the reason of a failure from them.

import type { Order } from "./orders.ts";

/** How long a caller waits for a service. */
const TIMEOUT_MS = 400;

/** A service answered, and not with success. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  /** From `Retry-After`: the DLQ retries then, whatever the policy says. */
  readonly retryAfterMs: number | undefined;

  constructor(response: Response) {
    super(`${new URL(response.url).pathname} answered ${response.status}`);
    this.status = response.status;
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** Tells a service about an order. */
export type Call = (order: Order, signal: AbortSignal) => Promise<void>;

export interface Calls {
  readonly call: Call;
  /** The shop's own bug is gone from now on. */
  fixCoupons(): void;
}

export function createCalls(urlOf: (service: Order["service"]) => string): Calls {
  let percentOf = (order: Order) => {
    const { coupon } = order as Required<Order>; // the bug: not every order has one
    return coupon.percent;
  };
  return {
    async call(order, signal) {
      const percent = order.service === "coupons" ? percentOf(order) : 0;
      const response = await fetch(urlOf(order.service), {
        method: "POST",
        body: JSON.stringify({ ...order, percent }),
        headers: { "content-type": "application/json" },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new HttpError(response);
    },
    fixCoupons() {
      percentOf = (order) => order.coupon?.percent ?? 0;
    },
  };
}
