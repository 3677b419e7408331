import { atMost } from "../app/timers.ts";
import type { MetricsRegistry } from "../observe/metrics.ts";
import { checkAddress, type ListenAddress } from "./bind.ts";
import { stopping } from "./error-map.ts";
import { createGrpcListener } from "./grpc-listener.ts";
import type { Guard } from "./guard.ts";
import type { Readiness } from "./health.ts";
import { createHttpListener } from "./http-listener.ts";
import { methodTable, registerServices } from "./methods.ts";
import { RequestMemory } from "./request-memory.ts";
import type { Services } from "./services.ts";
import type { TlsPair } from "./tls.ts";

export interface ListenersConfig {
  grpc: ListenAddress;
  /** Undefined: no HTTP listener. */
  http: ListenAddress | undefined;
  /** For both listeners. Undefined: plaintext. */
  tls: TlsPair | undefined;
  /** Whether `/metrics` needs a token. Default: not. */
  metricsNeedToken?: boolean;
  /** 0: responses are never compressed. */
  compressMinBytes: number;
  /** 0: no limit. */
  maxConnectionAgeMs: number;
  /** For each listener; further connections are closed at once. Default 4,096. */
  maxConnections?: number;
  /** Names of the HTTP port besides loopback names and addresses. Default none. */
  httpHosts?: readonly string[];
  /** Origins of web pages that may call the HTTP port. Default none. */
  httpOrigins?: readonly string[];
  /** Memory of incomplete requests, on both listeners together. Default 256 MiB. */
  requestMemoryBytes?: number;
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
  guard: Pick<Guard, "calls" | "reportInternal" | "refusal" | "pageRefusal">;
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

/** Time for peers to read the end of a cut stream before the connection closes. */
const END_GRACE_MS = 1_000;

/**
 * Rejects with the errors of `start`, before anything else is started. A port that is taken in between is found by `start`.
 */
export async function checkListeners({
  grpc,
  http,
}: Pick<ListenersConfig, "grpc" | "http">): Promise<void> {
  await checkAddress("gRPC", grpc);
  if (http !== undefined) await checkAddress("HTTP", http);
}

export function createListeners(options: ListenersOptions): Listeners {
  const { config, services, guard, log } = options;
  const shutdown = new AbortController();
  const shared = {
    compressMinBytes: config.compressMinBytes,
    maxConnections: config.maxConnections ?? 4_096,
    memory: new RequestMemory(config.requestMemoryBytes ?? 256 * 1024 * 1024),
    refusal: guard.refusal,
    refused: (method: string, code: string) => options.metrics.rpc(method, code, 0),
    log,
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
        methods: methodTable(services),
        reportInternal: guard.reportInternal,
        address: config.grpc,
        pingIntervalMs: config.pingIntervalMs ?? 10_000,
        maxAgeMs: config.maxConnectionAgeMs,
        random: options.random ?? Math.random,
      });
      const grpcAddress = await grpc.start();
      running = [grpc];
      if (config.http === undefined) return { grpc: grpcAddress, http: undefined };
      const { readiness, metrics } = options;
      http = createHttpListener({
        ...shared,
        tls,
        address: config.http,
        hosts: config.httpHosts ?? [],
        origins: config.httpOrigins ?? [],
        ...(config.unreadTimeoutMs !== undefined && { unreadTimeoutMs: config.unreadTimeoutMs }),
        routes: (router) => registerServices(router, services),
        metricsRefusal: config.metricsNeedToken === true ? guard.pageRefusal : () => undefined,
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
