import { type Address, formatAddress, isLoopback } from "./address.ts";
import type { ConfigError } from "./config-error.ts";
import { type Environment, isKubernetes } from "./environment.ts";
import { checkNats, natsFiles } from "./nats-checks.ts";
import type { ServerSettings } from "./settings.ts";
import type { Source } from "./source.ts";

type SourceOf = (setting: string) => Source;
/** Why a file cannot be used; undefined if it can. */
type WhyUnusable = (path: string) => string | undefined;

/** Checks of files that settings name. */
export interface FileChecks {
  readonly unreadable: WhyUnusable;
  readonly wrongTokens: WhyUnusable;
}

function listeners(s: ServerSettings): readonly (readonly [string, Address])[] {
  return s.listenHttp === "off"
    ? [["listen-grpc", s.listenGrpc]]
    : [
        ["listen-grpc", s.listenGrpc],
        ["listen-http", s.listenHttp],
      ];
}

/** Reports whether calls need a token. */
export function needsToken(s: Pick<ServerSettings, "tokens" | "tokensFile">): boolean {
  return s.tokens.length > 0 || s.tokensFile !== undefined;
}

const usesSentinels = (s: ServerSettings): boolean => s.redisSentinels.length > 0;

/** Reports whether connections to Redis use TLS. */
export function usesRedisTls(s: Pick<ServerSettings, "redisUrl" | "redisTls">): boolean {
  return s.redisTls || s.redisUrl?.startsWith("rediss:") === true;
}

/** Reports whether the server runs an embedded Redis. */
export function isEmbedded(s: Pick<ServerSettings, "redisUrl" | "redisSentinels">): boolean {
  return s.redisUrl === undefined && s.redisSentinels.length === 0;
}

/** Returns contradictions between settings, and problems of the files that they name. */
export function findContradictions(
  s: ServerSettings,
  sourceOf: SourceOf,
  { unreadable, wrongTokens }: FileChecks,
): readonly ConfigError[] {
  const errors: ConfigError[] = [];
  const refuse = (setting: string, problem: string, hint: string): void => {
    errors.push({ setting, source: sourceOf(setting), problem, hint });
  };

  for (const [name, address] of listeners(s)) {
    if (isLoopback(address) || needsToken(s) || s.insecureListen) continue;
    refuse(
      name,
      `${formatAddress(address)} can be reached from other machines and there are no credentials`,
      "set DLQ_TOKENS or tokens-file, or --insecure-listen if the network is trusted",
    );
  }
  if (
    s.listenHttp !== "off" &&
    s.listenGrpc.port !== 0 &&
    formatAddress(s.listenGrpc) === formatAddress(s.listenHttp)
  ) {
    refuse("listen-http", "is the same address as listen-grpc", "choose another port, or off");
  }

  for (const [prefix, cert, key] of [
    ["", s.tlsCert, s.tlsKey],
    ["redis-", s.redisTlsCert, s.redisTlsKey],
    ["nats-", s.natsTlsCert, s.natsTlsKey],
  ] as const) {
    if (cert !== undefined && key === undefined) {
      refuse(`${prefix}tls-cert`, "there is a certificate but no key", `set ${prefix}tls-key too`);
    }
    if (key !== undefined && cert === undefined) {
      refuse(`${prefix}tls-key`, "there is a key but no certificate", `set ${prefix}tls-cert too`);
    }
  }
  const redisFiles = [
    ["redis-tls-ca", s.redisTlsCa],
    ["redis-tls-cert", s.redisTlsCert],
    ["redis-tls-key", s.redisTlsKey],
  ] as const;
  for (const [name, file] of redisFiles) {
    if (file === undefined || usesRedisTls(s)) continue;
    refuse(name, "has no effect without TLS", "use redis-url with rediss, or redis-tls");
  }
  if (s.redisTls && !usesSentinels(s)) {
    refuse("redis-tls", "has no effect without redis-sentinels", "use redis-url with rediss");
  }
  for (const [name, file] of [
    ["tls-cert", s.tlsCert],
    ["tls-key", s.tlsKey],
    ...redisFiles,
    ...natsFiles(s),
  ] as const) {
    const why = file === undefined ? undefined : unreadable(file);
    if (why !== undefined)
      refuse(name, `${file} cannot be read: ${why}`, "check its path and permissions");
  }

  if (s.metricsAccess === "token" && !needsToken(s)) {
    refuse("metrics-access", "there are no tokens", "set DLQ_TOKENS or tokens-file");
  }
  const wrong = s.tokensFile === undefined ? undefined : wrongTokens(s.tokensFile);
  if (wrong !== undefined) {
    refuse("tokens-file", `${s.tokensFile}: ${wrong}`, "write one token on a line");
  }

  if (s.redisUrl !== undefined && usesSentinels(s)) {
    refuse("redis-sentinels", "redis-url is set too", "set only one of them");
  }
  if (usesSentinels(s) && s.redisSentinelName === undefined) {
    refuse("redis-sentinels", "the primary's name is missing", "set redis-sentinel-name");
  }
  for (const [name, value] of [
    ["redis-sentinel-name", s.redisSentinelName],
    ["redis-sentinel-password", s.redisSentinelPassword],
    ["redis-username", s.redisUsername],
    ["redis-password", s.redisPassword],
  ] as const) {
    if (value === undefined || usesSentinels(s)) continue;
    const own = name.startsWith("redis-sentinel-");
    refuse(
      name,
      "has no effect without redis-sentinels",
      own ? "set redis-sentinels, or remove it" : "put it into redis-url instead",
    );
  }
  checkNats(s, (name) => sourceOf(name).kind !== "default", refuse);
  return errors;
}

/** Returns warnings about settings that are valid but risky. Every user can read `publicSecrets`. */
export function findWarnings(
  s: ServerSettings,
  env: Environment,
  publicSecrets: readonly string[],
): readonly string[] {
  const warnings: string[] = [];
  if (isEmbedded(s) && isKubernetes(env)) {
    warnings.push(
      "This looks like Kubernetes and no Redis is configured, so this process keeps messages in an " +
        "embedded Redis. Two replicas would be two separate DLQs, and messages are lost with the " +
        "pod's disk. Set DLQ_REDIS_URL, or run exactly one replica with a persistent volume at " +
        "data-dir.",
    );
  }
  const open = listeners(s).filter(([, address]) => !isLoopback(address));
  if (open.length > 0 && !needsToken(s)) {
    const names = open.map(([, address]) => formatAddress(address)).join(" and ");
    warnings.push(
      `Listening on ${names} without credentials: every client that can connect can read and change all messages. Set DLQ_TOKENS, or let only trusted machines connect.`,
    );
  }
  if (open.length > 0 && needsToken(s) && s.tlsCert === undefined) {
    warnings.push(
      "Tokens and messages are sent in plain text. Set tls-cert and tls-key, or terminate TLS in " +
        "front of this process.",
    );
  }
  // The users of a pod are those of the server, and its secrets have such modes.
  for (const file of isKubernetes(env) ? [] : publicSecrets) {
    warnings.push(
      `Every user of the machine can read ${file}, which has a secret. Forbid that with chmod 640.`,
    );
  }
  return warnings;
}
