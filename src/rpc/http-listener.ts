import {
  createServer,
  IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ConnectRouter } from "@connectrpc/connect";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { type AdapterOptions, createAdapter } from "./adapter.ts";
import { bind, type ListenAddress } from "./bind.ts";
import type { CallMemory } from "./call-memory.ts";
import type { ConnectionSlots } from "./connection-slots.ts";
import type { CredentialsCall } from "./credentials.ts";
import { codeName } from "./error-map.ts";
import { UNREAD_TIMEOUT_MS } from "./grpc/calls.ts";
import type { CheckCaller } from "./guard.ts";
import type { Readiness } from "./health.ts";
import { createHttpAccess } from "./http-access.ts";
import { HttpResponses } from "./http-responses.ts";
import { BodyPieces } from "./pieces.ts";
import { RefusalLog } from "./refusal-log.ts";
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
  memory: CallMemory;
  slots: ConnectionSlots;
  /** See `Guard.isOpen`. */
  isOpen(method: DescMethod): boolean;
  /** See `Guard.whenRevoked`. */
  whenRevoked(call: CredentialsCall, end: () => void): () => void;
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

/** Browsers do not guess types, and pages of other sites cannot embed an answer. */
const BROWSER_HEADERS = [
  ["x-content-type-options", "nosniff"],
  ["cross-origin-resource-policy", "same-origin"],
] as const;

type Page = { status: number; body: string; type?: string; headers?: OutgoingHttpHeaders };
type PageRequest = Pick<IncomingMessage, "url" | "method" | "headers" | "socket">;

/** HTTP/1.1: Connect and gRPC-Web for browsers and curl, and the pages for monitoring. */
export function createHttpListener(options: HttpListenerOptions) {
  const { slots, isOpen } = options;
  const pages = createPages(options);
  let draining = false;

  const handler = createAdapter({
    ...options,
    admitted(method, connection, call) {
      if (isOpen(method)) slots.use(connection);
      else slots.prove(connection, connection, (end) => options.whenRevoked(call, end));
    },
    fallback(request, response) {
      slots.use(request.socket);
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
  const refusals = new RefusalLog({
    write: (fields) =>
      options.log.warn(fields, "requests refused: their host or origin is not allowed"),
  });
  const responses = new HttpResponses(options.memory, options.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // Node responds in order, but passes on every request that it has read.
    const { socket } = request;
    if (socket.destroyed) return;
    if (responses.add(request, response) > PIPELINED_LIMIT) {
      cutOff(socket);
      return;
    }
    // Keep-alive clients then use another connection for their next request.
    if (draining) response.setHeader("connection", "close");
    for (const [name, value] of BROWSER_HEADERS) response.setHeader(name, value);
    const refusal = refusalOf(request.headers);
    if (refusal === undefined) {
      handler(request, response);
      return;
    }
    refusals.report({ why: refusal.rawMessage }, socket.remoteAddress);
    // Without its path, which may be an invention.
    options.refused("", codeName(refusal.code));
    refuse(response, refusal);
  };
  const limits = {
    IncomingMessage: BoundedRequest,
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    connectionsCheckingInterval: 5_000,
  };
  const secure = options.tls && createSecureServer({ ...limits, ...options.tls }, onRequest);
  const server: Server = secure ?? createServer(limits, onRequest);
  server.on("connection", (socket: Socket) => slots.add(socket));
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

/** A request whose connection ends if its body comes in far too many pieces. */
class BoundedRequest extends IncomingMessage {
  readonly #pieces = new BodyPieces();

  /** Node calls this with each chunk that it parses, and with null at the end. */
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    // What was read before the connection ended is still parsed.
    if (chunk !== null && this.socket.destroyed) return true;
    if (chunk === null || !this.#pieces.add(chunk.length, this.socket)) {
      return super.push(chunk, encoding);
    }
    this.socket.destroy();
    return true;
  }
}

/** Closes the connection, so that the body of the request is not read. */
function refuse(response: ServerResponse, error: ConnectError): void {
  response.writeHead(403, { "content-type": "application/json", connection: "close" });
  response.end(errorToJsonBytes(error, undefined));
}

/** The parser of a connection, which Node does not document. */
type Parsed = Socket & { parser?: { onIncoming: () => number } };

/** A result of `onIncoming` that is an error for the parser. */
const STOP = -1;

/** Closes a connection. Node would still parse all that it has read, so the parser ends at the next request. */
function cutOff(socket: Parsed): void {
  if (socket.parser) socket.parser.onIncoming = () => STOP;
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
