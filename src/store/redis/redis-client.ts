import { Redis, type RedisOptions } from "ioredis";

/** Certificates in PEM. */
export interface RedisTls {
  /** Whose certificates are accepted. Default: the authorities that Node trusts. */
  readonly ca?: Buffer | undefined;
  /** What this client shows, with its key. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

/** How to reach the store. `tls` is asked for each connection; with a URL its scheme decides. */
export type RedisTarget =
  | { kind: "url"; url: string; tls?: () => RedisTls }
  | { kind: "socket"; path: string }
  | {
      kind: "sentinels";
      sentinels: readonly { host: string; port: number }[];
      name: string;
      sentinelPassword?: string | undefined;
      username?: string | undefined;
      password?: string | undefined;
      tls?: (() => RedisTls) | undefined;
    };

/** A store that comes back is found within half a second, and not by all nodes at once. */
const reconnectDelayMs = (times: number) =>
  Math.min(50 * times, 400) + Math.floor(Math.random() * 100);

/**
 * Creates a client that never sends a command twice, never queues commands, and reconnects for ever. A socket without the
 * expected answer for `silenceMs` is closed and opened again: also in its handshake, and, if it is pinged, one that only
 * listens.
 */
export function createRedis(target: RedisTarget, role: string, silenceMs: number): Redis {
  const options = {
    socketTimeout: silenceMs,
    protocol: 2,
    connectionName: role,
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: 2000,
    // A dead peer does not close its socket: it is dropped after this.
    disconnectTimeout: 200,
    // While it loads, Redis estimates the rest, which may be wrong by minutes: it is asked again instead.
    maxLoadingRetryTime: 250,
    keepAlive: 5000,
    noDelay: true,
    retryStrategy: reconnectDelayMs,
    // The primary has become a replica: find the new one.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 1 : false),
  } satisfies RedisOptions;
  switch (target.kind) {
    case "socket":
      return new Redis({ ...options, path: target.path });
    case "url": {
      const { url, tls } = target;
      if (url.startsWith("unix://")) {
        return new Redis({ ...options, path: url.slice("unix://".length) });
      }
      return new Redis(url, tls === undefined ? options : { ...options, tls: liveTls(tls) });
    }
    case "sentinels": {
      const { name, username, password, sentinelPassword } = target;
      const tls = target.tls && liveTls(target.tls);
      return new Redis({
        ...options,
        name,
        sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
        sentinelRetryStrategy: reconnectDelayMs,
        ...(tls === undefined ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
        ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      });
    }
  }
}

/** The client reads the fields for each connection, so that a renewed certificate is used. */
function liveTls(read: () => RedisTls): RedisTls {
  return {
    get ca() {
      return read().ca;
    },
    get cert() {
      return read().cert;
    },
    get key() {
      return read().key;
    },
  };
}

export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === "end") return;
  // Between two tries there is no socket: only the tries are stopped.
  if (redis.status === "reconnecting") return redis.disconnect();
  await new Promise<void>((resolve) => {
    redis.once("end", () => resolve());
    redis.disconnect();
  });
}
