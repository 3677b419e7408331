import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { ConnectError, ConnectRouter } from "@connectrpc/connect";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { type AdapterOptions, createAdapter } from "./adapter.ts";
import { bind, type ListenAddress } from "./bind.ts";
import { codeName } from "./error-map.ts";
import { UNREAD_TIMEOUT_MS } from "./grpc/calls.ts";
import type { CheckCaller } from "./guard.ts";
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
  refusal: AdapterOptions["refusal"];
  refused: AdapterOptions["refused"];
  /** Returns why a caller may not read `/metrics`. */
  metricsRefusal: CheckCaller<string>;
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

type Page = { status: number; body: string; type?: string; headers?: OutgoingHttpHeaders };
type PageRequest = Pick<IncomingMessage, "url" | "method" | "headers" | "socket">;

/** HTTP/1.1: Connect and gRPC-Web for browsers and curl, and the pages for monitoring. */
export function createHttpListener(options: HttpListenerOptions) {
  const pages = createPages(options);
  let draining = false;

  const handler = createAdapter({
    ...options,
    fallback(request, response) {
      void openPage(pages, request).then(({ status, body, type, headers }) => {
        const contentType = type ?? "text/plain; charset=utf-8";
        response.writeHead(status, { "content-type": contentType, ...headers });
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
  const secure = options.tls && createSecureServer({ ...limits, ...options.tls }, onRequest);
  const server: Server = secure ?? createServer(limits, onRequest);
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
    /** Uses another certificate for new connections. */
    useCertificate: (tls: TlsPair) => secure?.setSecureContext(tls),
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
  pages: Readonly<Record<string, (request: PageRequest) => Page | Promise<Page>>>,
  request: PageRequest,
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
    return await page(request);
  } catch (error) {
    return { status: 500, body: `failed: ${error instanceof Error ? error.message : "?"}\n` };
  }
}

function createPages({ readiness, metrics, metricsRefusal, refused }: HttpListenerOptions) {
  /** Rendering takes milliseconds, so concurrent requests share it. */
  let rendering: Promise<string> | undefined;
  const render = () => {
    rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return {
    "/metrics": async ({ headers, socket }: PageRequest): Promise<Page> => {
      const requestHeader = new Headers({ authorization: headers.authorization ?? "" });
      const refusal = metricsRefusal("/metrics", { requestHeader }, () => socket.remoteAddress);
      if (refusal === undefined) {
        return { status: 200, body: await render(), type: metrics.contentType };
      }
      refused("/metrics", codeName(refusal.code));
      const body = `${refusal.rawMessage}\n`;
      return { status: 401, body, headers: { "www-authenticate": "Bearer" } };
    },
    /** The process runs and its event loop works: a restart would not help the store. */
    "/livez": (): Page => ({ status: 200, body: "alive\n" }),
    /** The store answers, and the server does not drain. */
    "/readyz": (): Page => {
      if (readiness.state() !== "SERVING") {
        const why = readiness.why?.() ?? "the store does not answer";
        return { status: 503, body: `not ready: ${why}\n` };
      }
      const warning = readiness.warning?.();
      return { status: 200, body: warning === undefined ? "ready\n" : `ready; ${warning}\n` };
    },
  };
}
