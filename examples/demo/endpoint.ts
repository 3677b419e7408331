// The services that the shop calls, as one real HTTP endpoint that fails in several ways.
// `payments` has a port of its own, on which nothing listens at first.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Order, Random } from "./orders.ts";
import type { ServiceName } from "./services.ts";

export interface Endpoint extends AsyncDisposable {
  urlOf(service: ServiceName): string;
  /** From now on it works. */
  repair(service: ServiceName): Promise<void>;
}

const HOST = "127.0.0.1";
/** Longer than any caller waits. */
const TOO_SLOW_MS = 3_000;
const RETRY_AFTER_S = 2;
const LISTEN_AGAIN_MS = 200;

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
  // Taken and given back: a port that refuses connections until `payments` listens on it.
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

/** A handler of node:http that reads the order, and answers as `answerTo` says. */
function handlerOf(answerTo: (service: ServiceName, order: Order) => Answer) {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const order: Order = JSON.parse(Buffer.concat(chunks).toString());
    const { status, afterMs, headers } = answerTo(order.service, order);
    const timer = setTimeout(() => response.writeHead(status, headers).end(), afterMs);
    response.once("close", () => clearTimeout(timer)); // the caller has given up
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
}

/** @returns the port. Somebody's outgoing connection may hold it for a moment. */
async function listen(server: Server, port: number): Promise<number> {
  for (let triesLeft = port === 0 ? 0 : 10; ; triesLeft--) {
    try {
      server.listen(port, HOST);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (triesLeft === 0) throw error;
      await pause(LISTEN_AGAIN_MS);
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
