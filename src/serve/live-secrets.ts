import { readFile } from "node:fs/promises";
import { needsToken } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import { parseTokensFile, type Token } from "../config/token.ts";
import { Credentials } from "../rpc/credentials.ts";
import type { Listeners } from "../rpc/listeners.ts";
import { readTls, type TlsPair } from "../rpc/tls.ts";
import type { ReloadedFiles } from "./reloaded-files.ts";

/** Reads the tokens of the settings and of the tokens file, and follows changes of the file. */
export async function liveCredentials(config: Config, files: ReloadedFiles): Promise<Credentials> {
  const { tokens, tokensFile } = config;
  if (!needsToken(config)) return new Credentials(undefined);
  const credentials = new Credentials(tokens);
  if (tokensFile === undefined) return credentials;
  const use = (all: readonly Token[]) => credentials.replace(all);
  const load = async () => [...tokens, ...(await readTokens(tokensFile))];
  use(await files.add({ name: "tokens", load, use }));
  return credentials;
}

async function readTokens(file: string): Promise<readonly Token[]> {
  const parsed = parseTokensFile(await readFile(file, "utf8"));
  if ("problem" in parsed) throw new Error(`${file}: ${parsed.problem}`);
  return parsed.ok;
}

/** Reads the server's certificate and key, and follows changes. Undefined: no TLS. */
export async function liveCertificate(
  { tlsCert, tlsKey }: Config,
  files: ReloadedFiles,
  listeners: () => Pick<Listeners, "useCertificate">,
): Promise<TlsPair | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return await files.add({
    name: "TLS certificate and key",
    load: () => readTls({ certFile: tlsCert, keyFile: tlsKey }),
    use: (pair) => listeners().useCertificate(pair),
  });
}
