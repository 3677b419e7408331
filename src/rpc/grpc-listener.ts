import {
  createSecureServer,
  createServer,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { bind, type ListenAddress } from "./bind.ts";
import { setAddress } from "./caller.ts";
import type { ConnectionSlots } from "./connection-slots.ts";
import { Connections, type ConnectionsOptions } from "./connections.ts";
import type { CredentialsCall } from "./credentials.ts";
import { GrpcCalls, type GrpcCallsOptions } from "./grpc/calls.ts";
import { connectionAging } from "./stream-due.ts";
import type { TlsPair } from "./tls.ts";

export interface GrpcListenerOptions
  extends ConnectionsOptions,
    Pick<
      GrpcCallsOptions,
      "methods" | "memory" | "compressMinBytes" | "refusal" | "refused" | "reportInternal"
    > {
  address: ListenAddress;
  tls: TlsPair | undefined;
  slots: ConnectionSlots;
  /** See `Guard.isOpen`. */
  isOpen(method: DescMethod): boolean;
  /** See `Guard.whenRevoked`. */
  whenRevoked(call: CredentialsCall, end: () => void): () => void;
}

const SERVER_OPTIONS: ServerOptions = {
  settings: {
    // With the default of 64 KiB, a payload of 1 MiB needs sixteen round trips.
    initialWindowSize: 1024 * 1024,
    // A peer can send this many windows that we have not read.
    maxConcurrentStreams: 256,
    // Also bounds the memory of an unauthenticated peer; credentials and metadata fit well.
    maxHeaderListSize: 16 * 1024,
  },
  // In MB. Includes data written to a peer that does not read. Beyond it Node refuses all new
  // calls, acknowledgements too, so there is room for a frame of the largest message on each
  // stream.
  maxSessionMemory: 1_024,
};

/** HTTP/2 for gRPC: plaintext with prior knowledge, or TLS with ALPN. */
export function createGrpcListener(options: GrpcListenerOptions) {
  const { slots, isOpen } = options;
  const connections = new Connections(options);
  const calls = new GrpcCalls({
    ...options,
    admitted(method, { session }, call) {
      if (session === undefined) return;
      if (isOpen(method)) slots.use(session.socket);
      else slots.prove(session, session.socket, (end) => options.whenRevoked(call, end));
    },
    values: (values, { session }) =>
      setAddress(values, () => session?.socket?.remoteAddress).set(
        connectionAging,
        // The type covers both ends; ours is always the server's.
        connections.agingOf(session as ServerHttp2Session | undefined),
      ),
  });
  const secure =
    options.tls && createSecureServer({ ...SERVER_OPTIONS, ...options.tls, ALPNProtocols: ["h2"] });
  const server = secure ?? createServer(SERVER_OPTIONS);
  server.on("connection", (socket: Socket) => slots.add(socket));
  server.on("stream", calls.accept);
  // Node starts a session within the event of its socket, after this listener.
  let socket: Socket;
  server.prependListener(options.tls === undefined ? "connection" : "secureConnection", (one) => {
    socket = one;
  });
  server.on("session", (session) => connections.add(session, socket));
  // Broken handshakes are normal.
  server.on("sessionError", (err) => options.log.debug({ err }, "connection failed"));

  return {
    connections,
    start: () => bind(server, "gRPC", options.address),
    /** Accepts no new connections and sends GOAWAY on the others. */
    stopAccepting(): void {
      server.close();
      connections.closeGracefully();
    },
    /** Aborts the remaining calls with `reason`. */
    abort: (reason: ConnectError) => calls.abort(reason),
    /** Resolves when every connection is closed. */
    closed: () => connections.empty(),
    destroy: () => connections.destroy(),
    /** Uses another certificate for new connections. */
    useCertificate: (tls: TlsPair) => secure?.setSecureContext(tls),
  };
}
