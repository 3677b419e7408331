// The services that the shop calls, how each of them fails, and the orders for them. All share one HTTP server, except
// `payments`: it has its own port, where nothing listens at first.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export type ServiceName = "payments" | "shipping" | "stock" | "mail" | "invoices" | "coupons";

export interface Service {
  readonly name: ServiceName;
  /** At most 11 characters, the width of a column. */
  readonly problem: string;
  readonly orders: number;
  /** Share of the run after which it works. Absent: it is never repaired. */
  readonly worksAfter?: number;
  /** The text of the event when it is repaired. */
  readonly repair: string;
}

export const SERVICES: readonly Service[] = [
  {
    name: "payments",
    problem: "refused",
    orders: 16,
    worksAfter: 0.35,
    repair: "payments listens: connections are no longer refused",
  },
  {
    name: "shipping",
    problem: "too slow",
    orders: 14,
    worksAfter: 0.6,
    repair: "shipping is fast again",
  },
  {
    name: "stock",
    problem: "429 busy",
    orders: 14,
    worksAfter: 0.45,
    repair: "stock has room again: no more 429",
  },
  {
    name: "mail",
    problem: "500 error",
    orders: 16,
    worksAfter: 0.7,
    repair: "mail works again: no more 500",
  },
  {
    name: "invoices",
    problem: "422 invalid",
    orders: 8,
    repair: "",
  },
  {
    name: "coupons",
    problem: "own bug",
    orders: 4,
    repair: "the bug in the shop's coupons is fixed: its messages can be retried",
  },
];

export const SERVICE_NAMES: readonly ServiceName[] = SERVICES.map(({ name }) => name);

/** @throws Error for a queue that is not of the demo */
export function serviceOf(name: string): Service {
  const found = SERVICES.find((service) => service.name === name);
  if (found === undefined) throw new Error(`the demo has no service ${name}`);
  return found;
}

/** What the shop sends to a service, and the payload of a dead letter. */
export interface Order {
  readonly id: number;
  readonly service: ServiceName;
  readonly amountCents: number;
  /** Always absent here, so `invoices` rejects the order. */
  readonly vatId?: string;
  /** Always absent here. The shop's code for `coupons` has a bug: it expects one. */
  readonly coupon?: { readonly percent: number };
}

export type Random = () => number;

/** Random numbers from 0 to 1 (mulberry32). The same seed gives the same numbers. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All orders of one run, in random order. */
export function createOrders(random: Random): Order[] {
  const services = SERVICES.flatMap(({ name, orders }) => Array<ServiceName>(orders).fill(name));
  return services
    .map((service) => ({ service, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ service }, index) => {
      const amountCents = 500 + Math.floor(random() * 20_000);
      return { id: index + 1, service, amountCents };
    });
}

/** Deadline of a call. */
const TIMEOUT_MS = 400;

/** A service answered with an error status. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  /** From `Retry-After`. The DLQ uses it instead of the delay of the retry policy. */
  readonly retryAfterMs: number | undefined;

  constructor(response: Response) {
    super(`${new URL(response.url).pathname} answered ${response.status}`);
    this.status = response.status;
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** Sends an order to a service. @throws HttpError and errors of fetch, from which the DLQ reads the reason */
export type Call = (order: Order, signal: AbortSignal) => Promise<void>;

export interface Calls {
  readonly call: Call;
  /** Fixes the shop's own bug. */
  fixCoupons(): void;
}

export function createCalls(urlOf: (service: Order["service"]) => string): Calls {
  let percentOf = (order: Order) => {
    const { coupon } = order as Required<Order>; // the bug: no order has a coupon
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

export interface Endpoint extends AsyncDisposable {
  urlOf(service: ServiceName): string;
  /** Makes a service work from now on. */
  repair(service: ServiceName): Promise<void>;
}

const HOST = "127.0.0.1";
/** Longer than the deadline of a call. */
const TOO_SLOW_MS = 3_000;
const RETRY_AFTER_S = 2;
const LISTEN_RETRY_MS = 200;

interface Answer {
  readonly status: number;
  readonly afterMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function createEndpoint(random: Random): Promise<Endpoint> {
  const working = new Set<ServiceName>();

  function answerTo(service: ServiceName, order: Order): Answer {
    const afterMs = 20 + random() * 80;
    if (service === "invoices" && order.vatId === undefined) return { status: 422, afterMs };
    if (working.has(service)) return { status: 204, afterMs };
    switch (service) {
      case "shipping":
        return { status: 204, afterMs: TOO_SLOW_MS };
      case "stock":
        return { status: 429, afterMs, headers: { "retry-after": String(RETRY_AFTER_S) } };
      case "mail":
        return { status: 500, afterMs };
      default:
        return { status: 204, afterMs };
    }
  }

  const shared = createServer(handlerOf(answerTo));
  const payments = createServer(handlerOf(answerTo));
  const sharedPort = await listen(shared, 0);
  // Opened and closed to reserve a port, which refuses connections until `payments` is repaired.
  const paymentsPort = await listen(payments, 0);
  await close(payments);

  return {
    urlOf(service) {
      const port = service === "payments" ? paymentsPort : sharedPort;
      return `http://${HOST}:${port}/${service}`;
    },
    async repair(service) {
      working.add(service);
      if (service === "payments" && !payments.listening) await listen(payments, paymentsPort);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([close(shared), close(payments)]);
    },
  };
}

/** Returns a handler of node:http that answers each order by `answerTo`. */
function handlerOf(answerTo: (service: ServiceName, order: Order) => Answer) {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const order: Order = JSON.parse(Buffer.concat(chunks).toString());
    const { status, afterMs, headers } = answerTo(order.service, order);
    const timer = setTimeout(() => response.writeHead(status, headers).end(), afterMs);
    response.once("close", () => clearTimeout(timer)); // the caller timed out
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
}

/** Returns the port. Retries, because an outgoing connection may use the port for a moment. */
async function listen(server: Server, port: number): Promise<number> {
  for (let triesLeft = port === 0 ? 0 : 10; ; triesLeft--) {
    try {
      server.listen(port, HOST);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (triesLeft === 0) throw error;
      await pause(LISTEN_RETRY_MS);
    }
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
