import {
  createSecureServer,
  createServer,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import type { ConnectError } from "@connectrpc/connect";
import { bind, type ListenAddress } from "./bind.ts";
import { GrpcCalls, type GrpcCallsOptions } from "./grpc/calls.ts";
import { Sessions, type SessionsOptions } from "./sessions.ts";
import { connectionAging } from "./stream-due.ts";
import type { TlsPair } from "./tls.ts";

export interface GrpcListenerOptions
  extends SessionsOptions,
    Pick<
      GrpcCallsOptions,
      "methods" | "memory" | "compressMinBytes" | "refusal" | "refused" | "reportInternal"
    > {
  address: ListenAddress;
  tls: TlsPair | undefined;
  maxConnections: number;
}

const SERVER_OPTIONS: ServerOptions = {
  settings: {
    // 64 KiB by default, which would stall a payload of 1 MiB for sixteen round trips.
    initialWindowSize: 1024 * 1024,
    // What a peer can send without being read is this, times the window.
    maxConcurrentStreams: 256,
    // Also what an unauthenticated peer can make us keep; credentials and metadata fit well.
    maxHeaderListSize: 16 * 1024,
  },
  // In MB. Also counts what is written to a peer that does not read, and refuses all new calls beyond
  // it, acknowledgements too: room for a frame of the largest message on each stream.
  maxSessionMemory: 1_024,
};

/** HTTP/2 for gRPC: in the clear with prior knowledge, or by TLS with ALPN. */
export function createGrpcListener(options: GrpcListenerOptions) {
  const sessions = new Sessions(options);
  const calls = new GrpcCalls({
    ...options,
    values: (values, { session }) =>
      // The type covers both ends of a connection; ours is always the server's.
      values.set(connectionAging, sessions.agingOf(session as ServerHttp2Session | undefined)),
  });
  const server =
    options.tls === undefined
      ? createServer(SERVER_OPTIONS)
      : createSecureServer({ ...SERVER_OPTIONS, ...options.tls, ALPNProtocols: ["h2"] });
  server.maxConnections = options.maxConnections;
  server.on("stream", calls.accept);
  // Node begins a session within the event that brings its socket, behind this listener.
  let socket: Socket;
  server.prependListener(options.tls === undefined ? "connection" : "secureConnection", (one) => {
    socket = one;
  });
  server.on("session", (session) => sessions.add(session, socket));
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
    /** Calls that are left hear `reason` by their signals. */
    abort: (reason: ConnectError) => calls.abort(reason),
    /** When every connection is closed. */
    closed: () => sessions.empty(),
    destroy: () => sessions.destroy(),
  };
}
