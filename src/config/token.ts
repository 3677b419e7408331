import { instant } from "./instant.ts";
import { listOf } from "./list.ts";
import { refusePlaceholder } from "./secret.ts";
import { type Parsed, scalarType, type ValueType } from "./value-type.ts";

/** A bearer token that calls may use, or the hash of one. */
export interface Token {
  /** The caller's name. Several tokens may have the same. Undefined: none was given. */
  readonly name: string | undefined;
  readonly secret: { readonly text: string } | { readonly sha256: string };
  /** The token is refused from then on. Undefined: never. */
  readonly expireAtMs?: number | undefined;
}

/** Shorter tokens can be guessed: 16 hex characters are 64 bits. */
export const TOKEN_MIN_CHARS = 16;

export const TOKEN_NAME = /^[A-Za-z0-9._-]{1,64}$/;
export const TOKEN_NAME_ALLOWED = "1 to 64 letters, digits and . _ -";

/** RFC 6750's b64token: other characters are not valid in an Authorization header. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const SHA256 = /^[0-9a-f]{64}$/i;
const HASH_PREFIX = "sha256:";

/** `TOKEN`, `NAME:TOKEN` or `NAME:sha256:HEX`. A problem never has a part of the token. */
function parseToken(text: string): Parsed<Token> {
  const colon = text.indexOf(":");
  const name = colon === -1 ? undefined : text.slice(0, colon);
  const rest = text.slice(colon + 1);
  const given = refusePlaceholder(rest);
  if ("problem" in given) return given;
  if (text.startsWith(HASH_PREFIX)) return { problem: "has no name before the hash" };
  if (name !== undefined && !TOKEN_NAME.test(name)) {
    return { problem: `has a name that is not ${TOKEN_NAME_ALLOWED}` };
  }
  if (rest.startsWith(HASH_PREFIX)) {
    const hex = rest.slice(HASH_PREFIX.length);
    if (!SHA256.test(hex)) return { problem: "has a hash that is not 64 hexadecimal digits" };
    return { ok: { name, secret: { sha256: hex.toLowerCase() } } };
  }
  if (!BEARER_TOKEN.test(rest)) {
    return { problem: "has a character that is not allowed in a bearer token" };
  }
  if (rest.length < TOKEN_MIN_CHARS) {
    return { problem: `is shorter than ${TOKEN_MIN_CHARS} characters and can be guessed` };
  }
  return { ok: { name, secret: { text: rest } } };
}

export function formatToken({ name, secret }: Token): string {
  const value = "text" in secret ? secret.text : `${HASH_PREFIX}${secret.sha256}`;
  return name === undefined ? value : `${name}:${value}`;
}

const token: ValueType<Token> = scalarType({
  placeholder: "TOKEN",
  allowed: "",
  parse: parseToken,
  format: formatToken,
});

export const bearerTokens: ValueType<readonly Token[]> = listOf(token, {
  placeholder: "[NAME:]TOKEN,…",
  allowed: `TOKEN, NAME:TOKEN or NAME:sha256:HEX, separated by commas; a token has at least ${TOKEN_MIN_CHARS} letters, digits and - . _ ~ + / =`,
  hideItems: true,
});

/** More would slow down each call: a token is compared with all. */
const TOKENS_MAX = 1_000;

/**
 * Reads a tokens file: a token's hash on each line, as `NAME:sha256:HEX`, and `expires=TIME` after
 * it if it expires. Empty lines and lines that start with # are ignored. A problem names the line,
 * not its content.
 */
export function parseTokensFile(text: string): Parsed<readonly Token[]> {
  const tokens: Token[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [entry = "", ...options] = line.trim().split(/\s+/);
    if (entry === "" || entry.startsWith("#")) continue;
    const parsed = parseFileLine(entry, options);
    if ("problem" in parsed) return { problem: `line ${index + 1} ${parsed.problem}` };
    tokens.push(parsed.ok);
  }
  // A file that was cut while it was written must not refuse every caller, or none.
  if (tokens.length === 0) return { problem: "has no token" };
  if (tokens.length > TOKENS_MAX) return { problem: `has more than ${TOKENS_MAX} tokens` };
  return { ok: tokens };
}

function parseFileLine(entry: string, options: readonly string[]): Parsed<Token> {
  const parsed = parseToken(entry);
  if ("problem" in parsed) return parsed;
  if (!("sha256" in parsed.ok.secret)) {
    return { problem: "has a token instead of its hash; dlq token makes such a line" };
  }
  const [expires, ...others] = options;
  if (expires === undefined) return parsed;
  const time = /^expires=(.+)$/.exec(expires)?.[1];
  if (time === undefined || others.length > 0) {
    return { problem: "has something after the hash that is not expires=TIME" };
  }
  const expireAt = instant.parse(time);
  if ("problem" in expireAt) return { problem: `has an expires that ${expireAt.problem}` };
  return { ok: { ...parsed.ok, expireAtMs: expireAt.ok } };
}
