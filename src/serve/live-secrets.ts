import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { needsToken, usesRedisTls } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import { parseTokensFile, type Token } from "../config/token.ts";
import { Credentials } from "../rpc/credentials.ts";
import { checkTls, type TlsPair } from "../rpc/tls.ts";
import type { RedisTls } from "../store/redis/redis-client.ts";
import type { ReloadedFiles } from "./reloaded-files.ts";

/** Reads the tokens of the settings and of the tokens file, and follows changes of the file. */
export async function liveCredentials(config: Config, files: ReloadedFiles): Promise<Credentials> {
  const { tokens, tokensFile } = config;
  if (!needsToken(config)) return new Credentials(undefined);
  const credentials = new Credentials(tokens);
  if (tokensFile === undefined) return credentials;
  const use = (all: readonly Token[]) => credentials.replace(all);
  const parse = ({ file }: { file: Buffer }) => {
    const parsed = parseTokensFile(file.toString(), tokens);
    if ("problem" in parsed) throw new Error(`${tokensFile}: ${parsed.problem}`);
    return [...tokens, ...parsed.ok];
  };
  const from = { file: tokensFile };
  use(await files.add({ name: "tokens", files: from, parse, use, expireAtMs: nextExpiryMs }));
  return credentials;
}

/** Tokens that have expired may stay in the file. */
function nextExpiryMs(tokens: readonly Token[]): number | undefined {
  const later = tokens.flatMap(({ expireAtMs = Infinity }) =>
    expireAtMs > Date.now() ? [expireAtMs] : [],
  );
  const next = Math.min(...later);
  return Number.isFinite(next) ? next : undefined;
}

function certificateExpiryMs(cert: Buffer | undefined): number | undefined {
  return cert && new X509Certificate(cert).validToDate.getTime();
}

/** The server's certificate and key. */
export interface LiveCertificate {
  readonly first: TlsPair;
  /** Called with each later one. */
  onRenewed: ((pair: TlsPair) => void) | undefined;
}

/** Reads the server's certificate and key, and follows changes. Undefined: no TLS. */
export async function liveCertificate(
  { tlsCert, tlsKey }: Config,
  files: ReloadedFiles,
): Promise<LiveCertificate | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const first = await files.add({
    name: "TLS certificate and key",
    files: { cert: tlsCert, key: tlsKey },
    parse(pair) {
      checkTls(pair, tlsCert, tlsKey);
      return pair;
    },
    use: (pair) => live.onRenewed?.(pair),
    expireAtMs: ({ cert }) => certificateExpiryMs(cert),
  });
  const live: LiveCertificate = { first, onRenewed: undefined };
  return live;
}

/** Reads the certificates for Redis, and follows changes. Undefined: no TLS. */
export async function liveRedisTls(
  config: Config,
  files: ReloadedFiles,
): Promise<(() => RedisTls) | undefined> {
  if (!usesRedisTls(config)) return undefined;
  const { redisTlsCa, redisTlsCert, redisTlsKey } = config;
  if (redisTlsCa === undefined && redisTlsCert === undefined) return () => ({});
  let present = await files.add({
    name: "TLS files for Redis",
    files: { ca: redisTlsCa, cert: redisTlsCert, key: redisTlsKey },
    parse: checked,
    use: (tls) => {
      present = tls;
    },
    expireAtMs: ({ cert }) => certificateExpiryMs(cert),
  });
  return () => present;
}

/** Throws if they are no certificates, or the key is not that of the certificate. */
function checked(tls: RedisTls): RedisTls {
  try {
    if (tls.ca !== undefined) new X509Certificate(tls.ca);
    createSecureContext(tls);
  } catch (error) {
    throw new Error(
      `redis_tls_ca, redis_tls_cert or redis_tls_key is invalid: ${String(error)}; each must be PEM, and the key must be that of the certificate`,
      { cause: error },
    );
  }
  return tls;
}
