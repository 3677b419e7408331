import type { Http2Session } from "node:http2";
import { isIPv4 } from "node:net";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createGrpcTransport,
  type GrpcTransportOptions,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { NotConnectedError } from "./call-error.ts";
import { log } from "./log.ts";
import type { DlqClientOptions, TlsOptions } from "./options.ts";
import { bearer } from "./token.ts";

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
/** Of a stream and of the connection. With Node's 64 KiB a frame of 1 MiB would wait for the peer sixteen times. */
const WINDOW_BYTES = 4 * 1024 ** 2;

/**
 * Returns a function that makes connections. Sends and acks share one. Each stream has its own, so that
 * a reconnect reaches another server behind a load balancer.
 *
 * @throws TypeError if `url` is neither `host:port` nor an http: or https: URL without a path
 */
export function createConnections(options: DlqClientOptions): () => Connection {
  const { transport, token, tls } = options;
  if (transport !== undefined) {
    const both = stubsOf(transport);
    return () => ({ ...both, close: () => {} }); // the caller owns the transport
  }
  const url = checkedUrl(options);
  const { origin: baseUrl, hostname } = url;
  if (tls != null && url.protocol === "http:") {
    throw new TypeError("url is http:, which is plaintext; use https: with tls");
  }
  const given = options.interceptors ?? [];
  // The first one is the outermost.
  const interceptors = token ? [bearer(token), ...given] : [...given];
  const http2Options = { settings: { initialWindowSize: WINDOW_BYTES }, ...nodeTls(tls) };
  // On the same machine compression costs more than it saves.
  const isLocal = isLoopback(hostname);
  if (token && !isLocal && url.protocol === "http:") {
    log(
      `the token goes to ${url.host} in plaintext; use https://${url.host} and a server with TLS`,
    );
  }
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
      const stream = await manager.request(...request).catch(notConnected);
      const { session } = stream;
      if (session !== undefined && !guarded.has(session)) {
        guarded.add(session);
        session.setLocalWindowSize(WINDOW_BYTES);
        session.on("error", () => {}); // its streams report it
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    close: () => manager.abort(),
  };
}

/** Without a connection, no byte of the call was sent. */
function notConnected(reason: unknown): never {
  const { code, rawMessage, cause } = ConnectError.from(reason);
  if (code === Code.Canceled) throw reason; // it was closed meanwhile
  const error = new NotConnectedError(rawMessage, cause);
  throw new ConnectError(rawMessage, Code.Unavailable, undefined, undefined, error);
}

function stubsOf(transport: Transport): Pick<Connection, "stubs" | "admin"> {
  return {
    stubs: createClient(DlqService, transport),
    admin: createClient(DlqAdminService, transport),
  };
}

/** Names such as `127.example.com` are not loopback. */
function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]")
    return true;
  return isIPv4(hostname) && hostname.startsWith("127.");
}

function checkedUrl(options: DlqClientOptions): URL {
  const url = urlOf(options);
  if (url?.username || url?.password) {
    throw new TypeError("url has a user or a password; use the option token");
  }
  if (url?.pathname === "/" && url.search === "" && url.hash === "") return url;
  const given = options.url;
  throw new TypeError(
    `url is "${given}"; give one such as http://127.0.0.1:50051, or 127.0.0.1:50051`,
  );
}

const HOST_AND_PORT = /^[^/?#@]+:\d+$/;

/** Undefined if `url` is neither `host:port` nor an http: or https: URL. */
function urlOf({ url: text, tls }: Pick<DlqClientOptions, "url" | "tls">): URL | undefined {
  const full = HOST_AND_PORT.test(text) ? `${tls == null ? "http" : "https"}://${text}` : text;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
}

/** Returns `host:port`; undefined if `url` is no target. */
export function targetOf(options: Pick<DlqClientOptions, "url" | "tls">): string | undefined {
  const url = urlOf(options);
  if (url === undefined) return undefined;
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
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
