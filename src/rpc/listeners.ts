import { atMost } from "../app/timers.ts";
import type { Config } from "../config/config.ts";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { checkAddress, type ListenerName } from "./bind.ts";
import { CallMemory } from "./call-memory.ts";
import { ConnectionSlots } from "./connection-slots.ts";
import { stopping } from "./error-map.ts";
import { createGrpcListener } from "./grpc-listener.ts";
import type { Guard } from "./guard.ts";
import type { Readiness } from "./health.ts";
import { createHttpListener } from "./http-listener.ts";
import { methodTable, registerServices } from "./methods.ts";
import type { Services } from "./services.ts";
import type { TlsPair } from "./tls.ts";

/** The settings of both listeners. */
export interface ListenersConfig
  extends Pick<
    Config,
    | "listenGrpc"
    | "listenHttp"
    | "metricsAccess"
    | "compressMinBytes"
    | "maxConnectionAgeMs"
    | "maxConnections"
    | "httpHosts"
    | "httpOrigins"
    | "requestMemoryBytes"
  > {
  /** For both listeners. Undefined: plaintext. */
  tls: TlsPair | undefined;
  /** Default 10 s. */
  pingIntervalMs?: number;
  /** How long an HTTP response may stay unread. Default 30 s, as for gRPC. */
  unreadTimeoutMs?: number;
}

export interface ListenersOptions {
  config: ListenersConfig;
  services: Services;
  readiness: Readiness;
  metrics: Pick<MetricsRegistry, "render" | "contentType" | "rpc">;
  /** The guard of the services. `close` waits for its calls. */
  guard: Pick<
    Guard,
    "calls" | "reportInternal" | "refusal" | "pageRefusal" | "isOpen" | "whenRevoked"
  >;
  log: {
    debug(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** From 0 to 1. */
  random?: () => number;
}

export interface Listeners {
  /**
   * Returns the addresses as `host:port`. Starts all listeners, or none and throws an error that
   * says why.
   */
  start(): Promise<{ grpc: string; http: string | undefined }>;
  /** Still answers calls, but closes keep-alive HTTP connections after their next response. */
  drain(): void;
  /** Uses another certificate for new connections. Only with TLS from the start. */
  useCertificate(tls: TlsPair): void;
  /**
   * Accepts no new connections and calls. Those in progress have `graceMs` to end, then they are
   * cut. Resolves when every connection is closed.
   */
  close(graceMs: number): Promise<void>;
}

/** Time between two log lines that connections are in use. */
const FULL_LOG_MS = 60_000;

/** Time for peers to read the end of a cut stream before the connection closes. */
const END_GRACE_MS = 1_000;

/**
 * Checks that both addresses are free, before the store opens. Rejects with the error that `start` would. `start` checks
 * again.
 */
export async function checkListeners({
  listenGrpc,
  listenHttp,
}: Pick<Config, "listenGrpc" | "listenHttp">): Promise<void> {
  await checkAddress("gRPC", listenGrpc);
  if (listenHttp !== "off") await checkAddress("HTTP", listenHttp);
}

export function createListeners(options: ListenersOptions): Listeners {
  const { config, services, guard, log } = options;
  const shutdown = new AbortController();
  const shared = {
    compressMinBytes: config.compressMinBytes,
    memory: new CallMemory(config.requestMemoryBytes),
    refusal: guard.refusal,
    isOpen: guard.isOpen,
    whenRevoked: guard.whenRevoked,
    refused: (method: string, code: string) => options.metrics.rpc(method, code, 0),
    log,
  };
  const slotsOf = (listener: ListenerName) => {
    const { maxConnections } = config;
    let silentUntilMs = 0;
    return new ConnectionSlots({
      maxConnections,
      onFull() {
        if (performance.now() < silentUntilMs) return;
        silentUntilMs = performance.now() + FULL_LOG_MS;
        log.warn(
          { listener, maxConnections },
          "all connections are in use: new ones replace those without a valid token",
        );
      },
    });
  };
  type GrpcListener = ReturnType<typeof createGrpcListener>;
  type HttpListener = ReturnType<typeof createHttpListener>;
  let grpc: GrpcListener | undefined;
  let http: HttpListener | undefined;
  let running: (GrpcListener | HttpListener)[] = [];

  return {
    async start() {
      const { tls } = config;
      grpc = createGrpcListener({
        ...shared,
        tls,
        slots: slotsOf("gRPC"),
        methods: methodTable(services),
        reportInternal: guard.reportInternal,
        address: config.listenGrpc,
        pingIntervalMs: config.pingIntervalMs ?? 10_000,
        maxAgeMs: config.maxConnectionAgeMs,
        random: options.random ?? Math.random,
      });
      const grpcAddress = await grpc.start();
      running = [grpc];
      if (config.listenHttp === "off") return { grpc: grpcAddress, http: undefined };
      const { readiness, metrics } = options;
      http = createHttpListener({
        ...shared,
        tls,
        slots: slotsOf("HTTP"),
        address: config.listenHttp,
        hosts: config.httpHosts,
        origins: config.httpOrigins,
        ...(config.unreadTimeoutMs !== undefined && { unreadTimeoutMs: config.unreadTimeoutMs }),
        routes: (router) => registerServices(router, services),
        metricsRefusal: config.metricsAccess === "token" ? guard.pageRefusal : () => undefined,
        shutdownSignal: shutdown.signal,
        readiness,
        metrics,
      });
      try {
        const httpAddress = await http.start();
        running = [grpc, http];
        return { grpc: grpcAddress, http: httpAddress };
      } catch (error) {
        grpc.stopAccepting();
        running = [];
        throw error;
      }
    },

    useCertificate(tls) {
      for (const one of running) one.useCertificate(tls);
    },

    drain() {
      http?.drain();
    },

    async close(graceMs) {
      for (const one of running) one.stopAccepting();
      const closed = Promise.all(running.map((one) => one.closed()));
      await atMost(graceMs, Promise.race([closed, guard.calls.idle()]));
      // The rest are streams: health watchers, and workers that did not end after the drain.
      shutdown.abort(stopping());
      grpc?.abort(stopping());
      await atMost(END_GRACE_MS, closed);
      for (const one of running) one.destroy();
      await closed;
    },
  };
}
