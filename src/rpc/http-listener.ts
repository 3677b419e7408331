import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { ConnectError, ConnectRouter } from "@connectrpc/connect";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { type AdapterOptions, createAdapter } from "./adapter.ts";
import { bind, type ListenAddress } from "./bind.ts";
import { UNREAD_TIMEOUT_MS } from "./grpc/calls.ts";
import type { Readiness } from "./health.ts";
import { createHttpAccess } from "./http-access.ts";
import { HttpResponses } from "./http-responses.ts";
import type { RequestMemory } from "./request-memory.ts";
import type { TlsPair } from "./tls.ts";

export interface HttpListenerOptions {
  address: ListenAddress;
  tls: TlsPair | undefined;
  routes: (router: ConnectRouter) => void;
  compressMinBytes: number;
  shutdownSignal: AbortSignal;
  /** Returns why the caller is refused; called before its request is read. */
  refusal: AdapterOptions["refusal"];
  memory: RequestMemory;
  maxConnections: number;
  /** See `HttpAccessOptions`. */
  hosts: readonly string[];
  origins: readonly string[];
  /** A connection ends if its client has read nothing of a response for this time. */
  unreadTimeoutMs?: number;
  readiness: Readiness;
  metrics: Pick<MetricsRegistry, "render" | "contentType">;
  log: { warn(fields: object, message: string): void };
}

/** The most open requests of a connection. Clients that pipeline send a few. */
const PIPELINED_LIMIT = 16;

type Page = { status: number; body: string; type?: string };

/** HTTP/1.1: Connect and gRPC-Web for browsers and curl, and the pages for monitoring. */
export function createHttpListener(options: HttpListenerOptions) {
  const pages = createPages(options);
  let draining = false;

  const handler = createAdapter({
    ...options,
    fallback(request, response) {
      void openPage(pages, request).then(({ status, body, type }) => {
        response.writeHead(status, { "content-type": type ?? "text/plain; charset=utf-8" });
        response.end(request.method === "HEAD" ? "" : body);
      });
    },
  });
  const refusalOf = createHttpAccess({
    ...{ listenHost: options.address.host, hosts: options.hosts, origins: options.origins },
    tls: options.tls !== undefined,
  });
  const responses = new HttpResponses(options.memory, options.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // Node responds in order, but passes on every request that it has read: maybe thousands.
    const { socket } = request;
    if (socket.destroyed) return;
    if (responses.add(request, response) > PIPELINED_LIMIT) {
      cutOff(socket);
      return;
    }
    // Keep-alive clients then use another connection for their next request.
    if (draining) response.setHeader("connection", "close");
    const refusal = refusalOf(request.headers);
    if (refusal === undefined) handler(request, response);
    else refuse(response, refusal);
  };
  const limits = {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    connectionsCheckingInterval: 5_000,
  };
  const server: Server =
    options.tls === undefined
      ? createServer(limits, onRequest)
      : createSecureServer({ ...limits, ...options.tls }, onRequest);
  server.maxConnections = options.maxConnections;
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
  server.once("close", () => responses.close());

  return {
    start: () => bind(server, "HTTP", options.address),
    drain(): void {
      draining = true;
      server.closeIdleConnections();
    },
    stopAccepting(): void {
      draining = true;
      // Closes idle connections too; the others close after their response.
      server.close();
    },
    closed: () => closed,
    destroy: () => server.closeAllConnections(),
  };
}

/** Closes the connection, so that the body of the request is not read. */
function refuse(response: ServerResponse, error: ConnectError): void {
  response.writeHead(403, { "content-type": "application/json", connection: "close" });
  response.end(errorToJsonBytes(error, undefined));
}

/**
 * When a socket closes, Node creates an error for each request that it has read. Their stack traces
 * cost the most.
 */
function cutOff(socket: Socket): void {
  const { stackTraceLimit } = Error;
  socket.prependOnceListener("close", () => {
    Error.stackTraceLimit = 0;
  });
  socket.once("close", () => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  socket.destroy();
}

async function openPage(
  pages: Readonly<Record<string, () => Page | Promise<Page>>>,
  request: { url?: IncomingMessage["url"]; method?: IncomingMessage["method"] },
): Promise<Page> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) {
    return {
      status: 404,
      body: `not found; this port has ${Object.keys(pages).join(", ")} and the RPCs, such as POST /dlq.v1.DlqService/Stats\n`,
    };
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, body: "use GET\n" };
  }
  try {
    return await page();
  } catch (error) {
    return { status: 500, body: `failed: ${error instanceof Error ? error.message : "?"}\n` };
  }
}

function createPages({ readiness, metrics }: HttpListenerOptions) {
  /** Rendering takes milliseconds, so concurrent requests share it. */
  let rendering: Promise<string> | undefined;
  const render = () => {
    rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return {
    "/metrics": async (): Promise<Page> => ({
      status: 200,
      body: await render(),
      type: metrics.contentType,
    }),
    /** The process runs and its event loop works: a restart would not help the store. */
    "/livez": (): Page => ({ status: 200, body: "alive\n" }),
    /** The store responses, and the server does not drain. */
    "/readyz": (): Page =>
      readiness.state() === "SERVING"
        ? { status: 200, body: "ready\n" }
        : { status: 503, body: `not ready: ${readiness.why?.() ?? "the store does not answer"}\n` },
  };
}
