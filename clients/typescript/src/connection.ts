import type { Http2Session } from "node:http2";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createGrpcTransport,
  type GrpcTransportOptions,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqClientOptions, TlsOptions } from "./options.ts";

/** The generated client of producers and workers. */
export type DlqStubs = Client<typeof DlqService>;
/** The generated client of operators: queues, breakers, rules, simulations. */
export type DlqAdminStubs = Client<typeof DlqAdminService>;

/** One HTTP/2 connection. The first call opens it; a call after a break opens it again. */
export interface Connection {
  readonly stubs: DlqStubs;
  readonly admin: DlqAdminStubs;
  /** Closes it and ends all its calls. */
  close(): void;
}

/** Pings find a dead peer when no data comes. */
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;
/** With Node's 64 KiB a frame of 1 MiB would wait for the peer sixteen times. */
const WINDOW_BYTES = 4 * 1024 ** 2;

/**
 * Returns a function that makes connections. Sends and acks share one. Each stream has its own, so that
 * a reconnect reaches another server behind a load balancer.
 *
 * @throws TypeError if `url` is not an http: or https: URL
 */
export function createConnections(options: DlqClientOptions): () => Connection {
  const { transport, token, tls } = options;
  if (transport !== undefined) {
    const both = stubsOf(transport);
    return () => ({ ...both, close: () => {} }); // the caller owns the transport
  }
  const { origin: baseUrl, hostname } = checkedUrl(options.url);
  const given = options.interceptors ?? [];
  // The first one is the outermost.
  const interceptors = token === undefined ? [...given] : [bearer(token), ...given];
  const http2Options = { settings: { initialWindowSize: WINDOW_BYTES }, ...nodeTls(tls) };
  // On the same machine compression costs more than it saves.
  const isLocal = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return () => {
    const pings = { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS };
    const http2 = createHttp2Connection(baseUrl, pings, http2Options);
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager: http2,
      interceptors,
      ...(isLocal ? { acceptCompression: [] } : {}),
    });
    return { ...stubsOf(transport), close: () => http2.close() };
  };
}

/** An HTTP/2 connection with pings, which opens itself again. */
export interface Http2Connection extends NonNullable<GrpcTransportOptions["sessionManager"]> {
  /** Closes it and ends all its calls. */
  close(): void;
}

/**
 * Wraps Connect's manager, which stops listening for the errors of a connection that it has left. A
 * late error of such a connection, for instance an unanswered ping, would end the process.
 */
export function createHttp2Connection(
  ...options: ConstructorParameters<typeof Http2SessionManager>
): Http2Connection {
  const manager = new Http2SessionManager(...options);
  const guarded = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...request) {
      const stream = await manager.request(...request);
      const { session } = stream;
      if (session !== undefined && !guarded.has(session)) {
        guarded.add(session);
        session.on("error", () => {}); // its streams report it
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    close: () => manager.abort(),
  };
}

function stubsOf(transport: Transport): Pick<Connection, "stubs" | "admin"> {
  return {
    stubs: createClient(DlqService, transport),
    admin: createClient(DlqAdminService, transport),
  };
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new TypeError(`url is "${text}"; give one such as http://127.0.0.1:50051`);
}

/** Returns `host:port`; undefined if `url` is not a URL. */
export function targetOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  return hostname && `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function nodeTls(tls: TlsOptions | undefined): Record<string, string | Buffer> {
  const { ca, cert, key, serverName } = tls ?? {};
  const given = { ca, cert, key, servername: serverName };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, typeof value === "string" ? value : Buffer.from(value)] as const];
    }),
  );
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
