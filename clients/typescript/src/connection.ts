import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqClientOptions, TlsOptions } from "./options.ts";
import { createSessionManager } from "./session-manager.ts";

/** The generated client of producers and workers: every RPC as it is. */
export type DlqStubs = Client<typeof DlqService>;
/** That of operators: queues, breakers, rules, simulations. */
export type DlqAdminStubs = Client<typeof DlqAdminService>;

/** One HTTP/2 connection, opened by its first call and again when it breaks. */
export interface Connection {
  readonly stubs: DlqStubs;
  readonly admin: DlqAdminStubs;
  /** Ends it, and with it all calls that are under way. */
  close(): void;
}

/** A dead peer is found by these, where nothing else is heard. */
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;
/** Node's 64 KiB would have a frame of 1 MiB wait for the peer sixteen times. */
const WINDOW_BYTES = 4 * 1024 ** 2;

/**
 * @returns a function that makes connections: sends and acks share one, each stream has its own, so
 *   that reconnecting is really that, also behind a load balancer
 * @throws TypeError if the URL is none
 */
export function createConnections(options: DlqClientOptions): () => Connection {
  const { transport, token, tls } = options;
  if (transport !== undefined) {
    const both = stubsOf(transport);
    return () => ({ ...both, close: () => {} }); // it belongs to the caller
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
    const sessionManager = createSessionManager(baseUrl, pings, http2Options);
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager,
      interceptors,
      ...(isLocal ? { acceptCompression: [] } : {}),
    });
    return { ...stubsOf(transport), close: () => sessionManager.close() };
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

/** `host:port`; undefined where the URL is none. */
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
