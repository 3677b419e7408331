import { LIMITS } from "../core/settings.ts";
import { DAY_MS, MINUTE_MS } from "../core/time-units.ts";
import { listenAddress, optionalListenAddress } from "./address.ts";
import { bytes } from "./bytes.ts";
import { duration } from "./duration.ts";
import { LOG_SETTINGS } from "./log-settings.ts";
import { NATS_SETTINGS } from "./nats-settings.ts";
import { OUTBOX_SETTINGS } from "./outbox-settings.ts";
import { REDIS_SETTINGS } from "./redis-settings.ts";
import { optional, type Setting, setting, type ValuesOf } from "./setting.ts";
import { bearerTokens } from "./token.ts";
import { boolean, choice, integer, path, string } from "./value-type.ts";
import { hostNames, webOrigins } from "./web-names.ts";

const MIB = 1024 * 1024;
/** Node's timers overflow at 2^31 ms, about 24.8 days, and then fire at once. */
const TIMER_MAX_MS = 24 * DAY_MS;

/** The server's settings. Those of queues are in queue-settings.ts. */
export const SETTINGS = {
  configFile: optional({
    name: "config",
    group: "Configuration",
    type: path,
    notInFile: true,
    doc: "YAML file to read. Without it only flags, environment and defaults apply.",
    example: "/etc/dlq/dlq.yaml",
  }),
  nodeId: setting({
    name: "node-id",
    group: "Configuration",
    type: string({
      placeholder: "NAME",
      allowed: "1 to 128 letters, digits and . _ : -",
      pattern: /^[A-Za-z0-9._:-]{1,128}$/,
    }),
    // The loader replaces an empty one by host name and process id.
    fallback: "",
    fallbackText: "host name and process id",
    doc: "Name of this process in logs and in the store.",
    example: "dlq-0",
  }),

  listenGrpc: setting({
    name: "listen-grpc",
    group: "Listening",
    type: listenAddress,
    fallback: { host: "127.0.0.1", port: 50_051 },
    doc: "Address of gRPC (HTTP/2).",
    example: "0.0.0.0:50051",
  }),
  listenHttp: setting({
    name: "listen-http",
    group: "Listening",
    type: optionalListenAddress,
    fallback: { host: "127.0.0.1", port: 8080 },
    doc: "Address of Connect, gRPC-Web, /metrics, /livez and /readyz (HTTP/1.1).",
    example: "off",
  }),
  httpHosts: setting({
    name: "http-hosts",
    group: "Listening",
    type: hostNames,
    fallback: [],
    fallbackText: "none",
    doc: "Host names by which clients and proxies call listen-http. localhost, the name in listen-http and IP addresses are always allowed. Other names get 403, against DNS rebinding. Not checked with TLS. * allows every name.",
    example: "dlq,dlq.internal",
  }),
  httpOrigins: setting({
    name: "http-origins",
    group: "Listening",
    type: webOrigins,
    fallback: [],
    fallbackText: "none",
    doc: "Origins of web pages that may call listen-http through a proxy. An origin equal to the Host is always allowed; others get 403.",
    example: "https://admin.example",
  }),
  insecureListen: setting({
    name: "insecure-listen",
    group: "Listening",
    type: boolean,
    fallback: false,
    doc: "Allows listening beyond loopback without tokens. Every client that can connect can then read and change all messages.",
    example: "true",
  }),
  tokens: setting({
    name: "tokens",
    group: "Listening",
    type: bearerTokens,
    fallback: [],
    fallbackText: "none: calls need no credentials",
    secret: true,
    doc: "Accepted bearer tokens. NAME is the caller's name in logs; tokens without one are token-1, token-2 and so on, by their place in the list. With several you can rotate them. Use the environment or the file: other users of the machine can see flags.",
    example: "orders:kX3vQ9…",
  }),
  tokensFile: optional({
    name: "tokens-file",
    group: "Listening",
    type: path,
    doc: "File with the hashes of further tokens, one on a line: NAME:sha256:HEX, and after it expires=TIME if the token expires. dlq-server token makes such a line. Calls then need a token.",
    example: "/etc/dlq/tokens",
  }),
  tlsCert: optional({
    name: "tls-cert",
    group: "Listening",
    type: path,
    doc: "PEM file with the server's certificate chain. Enables TLS for both listeners; needs tls-key.",
    example: "/etc/dlq/tls.crt",
  }),
  tlsKey: optional({
    name: "tls-key",
    group: "Listening",
    type: path,
    doc: "PEM file with the private key of tls-cert.",
    example: "/etc/dlq/tls.key",
  }),
  maxConnections: setting({
    name: "max-connections",
    group: "Listening",
    type: integer(1, 1_000_000),
    fallback: 4_096,
    doc: "Most connections of each listener. A further one replaces one that has made no call with a valid token, the longest unused first; if there is none, it is closed. Each needs a file handle, and an idle one about 25 KiB.",
    example: "20000",
  }),
  maxStreamQueues: setting({
    name: "max-stream-queues",
    group: "Listening",
    type: integer(1_000, 10_000_000),
    fallback: 200_000,
    doc: "Most queues that all open streams of a server may ask for, counted for each stream; the streams of one connection may ask for a tenth, and at least 1000. Further streams get UNAVAILABLE. Each needs about 0.5 KiB.",
    example: "1000000",
  }),
  maxWatches: setting({
    name: "max-watches",
    group: "Listening",
    type: integer(2, 100_000),
    fallback: 2_000,
    doc: "Most calls of WatchEvents and WatchMessages of a server at a time. A caller (a token, or an address without tokens) has at most as many as are left for others, so half of them while it is the only one. Further calls get UNAVAILABLE. Each needs 60 to 130 KiB.",
    example: "4000",
  }),
  requestMemoryBytes: setting({
    name: "request-memory",
    group: "Listening",
    type: bytes({ min: 16 * MIB }),
    fallback: 256 * MIB,
    doc: "Memory for incomplete requests and unread responses, on both listeners together. Above it the oldest are refused, or their connections are closed.",
    example: "1GiB",
  }),

  ...REDIS_SETTINGS,

  dataDir: setting({
    name: "data-dir",
    group: "Storage",
    type: path,
    fallback: "./data",
    doc: "Folder of the embedded Redis: data, socket and log.",
    example: "/var/lib/dlq",
  }),
  redisServer: optional({
    name: "redis-server",
    group: "Storage",
    type: path,
    fallbackText: "redis-server in PATH",
    doc: "Binary of the embedded Redis, 7.0 or newer.",
    example: "/usr/bin/redis-server",
  }),
  redisMaxMemoryBytes: setting({
    name: "redis-max-memory",
    group: "Storage",
    type: bytes({ min: 16 * MIB, zero: "auto" }),
    fallback: 0,
    doc: "Memory limit of the embedded Redis. Sends are refused before it is full. auto: derived from the memory of the machine or container.",
    example: "2GiB",
  }),
  diskLowBytes: optional({
    name: "disk-low",
    group: "Storage",
    type: bytes({}),
    fallbackText: "512MiB, or a quarter of a disk smaller than 2GiB",
    doc: "With less free space in data-dir sends are refused, before Redis fails to write. 0: never.",
    example: "2GiB",
  }),
  payloadMaxBytes: setting({
    name: "payload-max",
    group: "Storage",
    type: bytes({ min: 1, max: LIMITS.payloadMaxBytes }),
    fallback: LIMITS.payloadDefaultBytes,
    doc: "Largest payload of a message. Larger ones are refused.",
    example: "3MiB",
  }),
  ...OUTBOX_SETTINGS,

  storeCompressMinBytes: setting({
    name: "store-compress-min",
    group: "Storage",
    type: bytes({ min: 0, max: LIMITS.payloadMaxBytes }),
    fallback: 512,
    doc: "Messages with payloads of at least this size are stored compressed if that makes them smaller: with LZ4, and with zstd from 32 KiB on. For 1 KiB of JSON this leaves about half of its size, and a send and a delivery together take about 10 us of CPU longer. 0: no compression.",
    example: "4KiB",
  }),
  maxQueues: setting({
    name: "max-queues",
    group: "Storage",
    type: integer(1, 1_000_000),
    fallback: 10_000,
    doc: "Most queues. A send to another one is refused, so that a bug in a producer cannot fill the store with names.",
    example: "500",
  }),
  queueCreation: setting({
    name: "queue-creation",
    group: "Storage",
    type: choice(["open", "closed"]),
    fallback: "open",
    doc: "open: the first message creates its queue. closed: refuses sends to queues without messages that are named neither in the configuration nor by UpdateQueue. Workers may ask for any queue.",
    example: "closed",
  }),

  ...NATS_SETTINGS,

  expiryGraceMaxMs: setting({
    name: "expiry-grace-max",
    group: "Delivery and shutdown",
    type: duration({ max: 10 * MINUTE_MS }),
    fallback: 30_000,
    doc: "After an outage no lease expires for the time of one lease, at most this long, so that workers can report outcomes of the meantime.",
    example: "1m",
  }),
  drainGraceMs: setting({
    name: "drain-grace",
    group: "Delivery and shutdown",
    type: duration({ max: 10 * MINUTE_MS }),
    fallback: 25_000,
    doc: "How long outcomes are accepted after SIGTERM. Use less than the time after which your platform kills the process.",
    example: "50s",
  }),
  maxConnectionAgeMs: setting({
    name: "max-connection-age",
    group: "Delivery and shutdown",
    type: duration({ min: 1_000, max: TIMER_MAX_MS, zero: true }),
    fallback: 0,
    doc: "Age at which clients are asked to reconnect, so that load balancers can spread the load again. 0: never.",
    example: "30m",
  }),
  batchJobs: setting({
    name: "batch-jobs",
    group: "Delivery and shutdown",
    type: boolean,
    fallback: true,
    doc: "Whether this server runs batch jobs. Without a server that does, they wait: so a restored backup does not go on with those that were open.",
    example: "false",
  }),
  heartbeatIntervalMs: setting({
    name: "heartbeat-interval",
    group: "Delivery and shutdown",
    type: duration({ min: 10, max: 10_000 }),
    fallback: 10_000,
    doc: "A stream of deliveries gets a heartbeat after this time without a frame.",
    example: "5s",
  }),
  compressMinBytes: setting({
    name: "compress-min",
    group: "Delivery and shutdown",
    type: bytes({}),
    fallback: 0,
    doc: "Responses of at least this size are compressed for clients that accept it. 0: never. On a fast network compression costs half of the throughput or more.",
    example: "16KiB",
  }),

  ...LOG_SETTINGS,
} as const satisfies Record<string, Setting>;

export type ServerSettings = ValuesOf<typeof SETTINGS>;
