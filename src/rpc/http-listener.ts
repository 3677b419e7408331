import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { type AdapterOptions, createAdapter } from "./adapter.ts";
import { bind, type ListenAddress } from "./bind.ts";
import { TAKEN_WITHIN_MS } from "./grpc/calls.ts";
import type { Readiness } from "./health.ts";
import { HttpAnswers } from "./http-answers.ts";
import type { RequestMemory } from "./request-memory.ts";
import type { TlsPair } from "./tls.ts";

export interface HttpListenerOptions {
  address: ListenAddress;
  tls: TlsPair | undefined;
  routes: (router: ConnectRouter) => void;
  compressMinBytes: number;
  shutdownSignal: AbortSignal;
  /** Why this caller may not; asked before its request is read. */
  refusal: AdapterOptions["refusal"];
  memory: RequestMemory;
  maxConnections: number;
  /** An answer of which its caller takes nothing for so long ends with its connection. */
  takenWithinMs?: number;
  readiness: Readiness;
  metrics: Pick<MetricsRegistry, "render" | "contentType">;
  log: { warn(fields: object, message: string): void };
}

/** Requests of one connection at a time. Clients that pipeline at all send a few. */
const PIPELINED_LIMIT = 16;

type Answer = { status: number; body: string; type?: string };

/** HTTP/1.1: Connect and gRPC-Web for browsers and curl, and the pages that machines watch. */
export function createHttpListener(options: HttpListenerOptions) {
  const pages = createPages(options);
  let draining = false;

  const handler = createAdapter({
    ...options,
    fallback(request, response) {
      void answer(pages, request).then(({ status, body, type }) => {
        response.writeHead(status, { "content-type": type ?? "text/plain; charset=utf-8" });
        response.end(request.method === "HEAD" ? "" : body);
      });
    },
  });
  const answers = new HttpAnswers(options.memory, options.takenWithinMs ?? TAKEN_WITHIN_MS);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // Node answers in order, but hands out every request that it has read: thousands in one piece.
    const { socket } = request;
    if (socket.destroyed) return;
    if (answers.add(request, response) > PIPELINED_LIMIT) {
      cutOff(socket);
      return;
    }
    // So that keep-alive clients move on with their next request.
    if (draining) response.setHeader("connection", "close");
    handler(request, response);
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
  server.once("close", () => answers.close());

  return {
    start: () => bind(server, "HTTP", options.address),
    drain(): void {
      draining = true;
      server.closeIdleConnections();
    },
    stopAccepting(): void {
      draining = true;
      // Closes idle connections too; the others close with their response.
      server.close();
    },
    closed: () => closed,
    destroy: () => server.closeAllConnections(),
  };
}

/** At its close Node makes an error for each request that it has read: their stacks cost the most. */
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

async function answer(
  pages: Readonly<Record<string, () => Answer | Promise<Answer>>>,
  request: { url?: IncomingMessage["url"]; method?: IncomingMessage["method"] },
): Promise<Answer> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) {
    return {
      status: 404,
      body: `nothing here; there are ${Object.keys(pages).join(", ")} and the RPCs, such as POST /dlq.v1.DlqService/Stats\n`,
    };
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, body: "only GET\n" };
  }
  try {
    return await page();
  } catch (error) {
    return { status: 500, body: `failed: ${error instanceof Error ? error.message : "?"}\n` };
  }
}

function createPages({ readiness, metrics }: HttpListenerOptions) {
  /** Takes milliseconds: those who ask meanwhile get the same. */
  let rendering: Promise<string> | undefined;
  const render = () => {
    rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return {
    "/metrics": async (): Promise<Answer> => ({
      status: 200,
      body: await render(),
      type: metrics.contentType,
    }),
    /** The process runs and its event loop turns: restarting it would not help the store. */
    "/livez": (): Answer => ({ status: 200, body: "alive\n" }),
    /** The store answers, and the server does not drain. */
    "/readyz": (): Answer =>
      readiness.state() === "SERVING"
        ? { status: 200, body: "ready\n" }
        : { status: 503, body: `not ready: ${readiness.why?.() ?? "the store does not answer"}\n` },
  };
}
