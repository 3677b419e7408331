import { MINUTE_MS } from "../core/time-units.ts";
import { peerAddress } from "./address.ts";
import { duration } from "./duration.ts";
import { listOf } from "./list.ts";
import { redisUrl, secret } from "./secret.ts";
import { optional, type Setting, setting } from "./setting.ts";
import { boolean, integer, path, string } from "./value-type.ts";

/** Settings of the connection to the store. */
export const REDIS_SETTINGS = {
  redisUrl: optional({
    name: "redis-url",
    group: "Redis",
    type: redisUrl,
    secret: true,
    fallbackText: "an embedded Redis with its data in data-dir",
    doc: "Redis 7.0 or newer that stores everything. Schemes redis, rediss (TLS) and unix.",
    example: "redis://:password@redis.internal:6379/0",
  }),
  redisSentinels: setting({
    name: "redis-sentinels",
    group: "Redis",
    type: listOf(peerAddress, {
      placeholder: "HOST:PORT,…",
      allowed: "addresses separated by commas, each host:port",
    }),
    fallback: [],
    fallbackText: "none",
    doc: "Sentinels of the primary. Use instead of redis-url.",
    example: "sentinel-0:26379,sentinel-1:26379",
  }),
  redisSentinelName: optional({
    name: "redis-sentinel-name",
    group: "Redis",
    type: string({
      placeholder: "NAME",
      allowed: "1 to 128 letters, digits and . _ -",
      pattern: /^[A-Za-z0-9._-]{1,128}$/,
    }),
    doc: "Name of the primary in the Sentinels.",
    example: "mymaster",
  }),
  redisSentinelPassword: optional({
    name: "redis-sentinel-password",
    group: "Redis",
    type: secret,
    secret: true,
    doc: "Password of the Sentinels.",
    example: "s3cret",
  }),
  redisUsername: optional({
    name: "redis-username",
    group: "Redis",
    type: string(),
    doc: "ACL user of the Redis behind Sentinels. With redis-url, put it into the URL.",
    example: "dlq",
  }),
  redisPassword: optional({
    name: "redis-password",
    group: "Redis",
    type: secret,
    secret: true,
    doc: "Password of the Redis behind Sentinels. With redis-url, put it into the URL.",
    example: "s3cret",
  }),
  redisTls: setting({
    name: "redis-tls",
    group: "Redis",
    type: boolean,
    fallback: false,
    doc: "TLS to the Sentinels and to the Redis behind them. With redis-url, use the scheme rediss instead.",
    example: "true",
  }),
  redisTlsCa: optional({
    name: "redis-tls-ca",
    group: "Redis",
    type: path,
    fallbackText: "the authorities that Node trusts",
    doc: "PEM file with the authorities whose certificates Redis and the Sentinels may have.",
    example: "/etc/dlq/redis-ca.crt",
  }),
  redisTlsCert: optional({
    name: "redis-tls-cert",
    group: "Redis",
    type: path,
    doc: "PEM file with the certificate that this server shows to Redis and the Sentinels. Needs redis-tls-key.",
    example: "/etc/dlq/redis.crt",
  }),
  redisTlsKey: optional({
    name: "redis-tls-key",
    group: "Redis",
    type: path,
    doc: "PEM file with the private key of redis-tls-cert.",
    example: "/etc/dlq/redis.key",
  }),
  redisPrefix: setting({
    name: "redis-prefix",
    group: "Redis",
    type: string({
      placeholder: "NAME",
      allowed: "1 to 64 letters, digits and . _ -",
      pattern: /^[A-Za-z0-9._-]{1,64}$/,
    }),
    fallback: "dlq",
    doc: "Prefix of every key and channel, so that several deployments can share one Redis.",
    example: "dlq-staging",
  }),
  redisTimeoutMs: setting({
    name: "redis-timeout",
    group: "Redis",
    type: duration({ min: 10, max: MINUTE_MS }),
    fallback: 2_000,
    doc: "Deadline of one call to the store. After it clients get UNAVAILABLE.",
    example: "500ms",
  }),
  redisWaitReplicas: setting({
    name: "redis-wait-replicas",
    group: "Redis",
    type: integer(0, 16),
    fallback: 0,
    doc: "Replicas that must have a send before it is acknowledged. With fewer after half of redis-timeout the client gets UNAVAILABLE. Limits what a failover can lose. 0: does not wait.",
    example: "1",
  }),
  redisAllowEviction: setting({
    name: "redis-allow-eviction",
    group: "Redis",
    type: boolean,
    fallback: false,
    doc: "Accept a Redis that drops keys when its memory is full. With a maxmemory-policy of volatile-* repeated sends can then be stored twice; with allkeys-* messages can be lost. Without it the server refuses such a Redis at its start.",
    example: "true",
  }),
} as const satisfies Record<string, Setting>;
