import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type ServerOptions,
} from "node:http2";
import type { ConnectRouter } from "@connectrpc/connect";
import { createContextValues } from "@connectrpc/connect";
import { createAdapter } from "./adapter.ts";
import { bind, type ListenAddress } from "./bind.ts";
import { Sessions, type SessionsOptions } from "./sessions.ts";
import { connectionAging } from "./stream-due.ts";
import type { TlsPair } from "./tls.ts";

export interface GrpcListenerOptions extends SessionsOptions {
  address: ListenAddress;
  tls: TlsPair | undefined;
  routes: (router: ConnectRouter) => void;
  compressMinBytes: number;
  shutdownSignal: AbortSignal;
  log: SessionsOptions["log"] & { warn(fields: object, message: string): void };
}

const SERVER_OPTIONS: ServerOptions = {
  settings: {
    // 64 KiB by default, which would stall a payload of 1 MiB for sixteen round trips.
    initialWindowSize: 1024 * 1024,
    maxConcurrentStreams: 1_000,
    // Also what an unauthenticated peer can make us keep; credentials and metadata fit well.
    maxHeaderListSize: 16 * 1024,
  },
  // In MB, for each connection: a thousand streams with small messages, or a dozen large ones.
  maxSessionMemory: 64,
};

/** HTTP/2 for gRPC: in the clear with prior knowledge, or by TLS with ALPN. */
export function createGrpcListener(options: GrpcListenerOptions) {
  const sessions = new Sessions(options);
  const handler = createAdapter({
    ...options,
    contextValues: (request) =>
      createContextValues().set(connectionAging, sessions.agingOf(sessionOf(request))),
    fallback(_request, response) {
      // A gRPC client maps the status to UNIMPLEMENTED; a browser shows the words.
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      response.end("no such method; this port speaks gRPC\n");
    },
  });
  const server =
    options.tls === undefined
      ? createServer(SERVER_OPTIONS, handler)
      : createSecureServer({ ...SERVER_OPTIONS, ...options.tls, ALPNProtocols: ["h2"] }, handler);
  server.on("session", (session) => sessions.add(session));
  // A peer that breaks off its handshake is an everyday event.
  server.on("sessionError", (err) => options.log.debug({ err }, "connection failed"));

  return {
    sessions,
    start: () => bind(server, "gRPC", options.address),
    /** No new connections, and GOAWAY on those there are. */
    stopAccepting(): void {
      server.close();
      sessions.closeGracefully();
    },
    /** When every connection is closed. */
    closed: () => sessions.empty(),
    destroy: () => sessions.destroy(),
  };
}

function sessionOf(request: object) {
  const session = (request as Partial<Http2ServerRequest>).stream?.session;
  // The type covers both ends of a connection; ours is always the server's.
  return session as Parameters<Sessions["agingOf"]>[0];
}
