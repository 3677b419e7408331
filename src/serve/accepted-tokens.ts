import { readFile } from "node:fs/promises";
import { needsToken } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import { parseTokensFile, type Token } from "../config/token.ts";

/**
 * Returns the tokens of the settings and of the tokens file; undefined if calls need none. Rejects
 * if the file cannot be used.
 */
export async function acceptedTokens(
  config: Pick<Config, "tokens" | "tokensFile">,
): Promise<readonly Token[] | undefined> {
  const { tokens, tokensFile } = config;
  if (!needsToken(config)) return undefined;
  if (tokensFile === undefined) return tokens;
  const parsed = parseTokensFile(await readFile(tokensFile, "utf8"));
  if ("problem" in parsed) throw new Error(`${tokensFile}: ${parsed.problem}`);
  return [...tokens, ...parsed.ok];
}
