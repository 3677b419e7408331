import { createHash } from "node:crypto";
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

/** Returns the SHA-256 of a token's secret, in hexadecimal. */
export function digestOf({ secret }: Pick<Token, "secret">): string {
  if ("sha256" in secret) return secret.sha256;
  return createHash("sha256").update(secret.text).digest("hex");
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

const tokenList: ValueType<readonly Token[]> = listOf(token, {
  placeholder: "[NAME:]TOKEN,…",
  allowed: `TOKEN, NAME:TOKEN or NAME:sha256:HEX, separated by commas; a token has at least ${TOKEN_MIN_CHARS} letters, digits and - . _ ~ + / =`,
  hideItems: true,
});

/** Refuses a secret with two names: which of them a call has would depend on their order. */
export const bearerTokens: ValueType<readonly Token[]> = {
  ...tokenList,
  parse(raw) {
    const parsed = tokenList.parse(raw);
    if ("problem" in parsed) return parsed;
    const names = new Map<string, string>();
    for (const one of parsed.ok) {
      const name = one.name ?? "a token without a name";
      const other = names.get(digestOf(one));
      if (other !== undefined)
        return { problem: `has the same token twice, as ${other} and ${name}` };
      names.set(digestOf(one), name);
    }
    return parsed;
  },
};

/**
 * Reads a tokens file: a token's hash on each line, as `NAME:sha256:HEX`, and `expires=TIME` after
 * it if it expires. Each line ends with a newline. Empty lines and lines that start with # are
 * ignored. A hash may be there once, and not among the `others`: only one expiry can hold. A problem
 * names the line, not its content.
 */
export function parseTokensFile(
  text: string,
  others: readonly Token[] = [],
): Parsed<readonly Token[]> {
  // A line that was cut while it was written could have lost its expiry.
  if (text !== "" && !text.endsWith("\n")) {
    return { problem: "has no newline at its end, so it may be cut; end its last line with one" };
  }
  const ofOthers = new Set(others.map(digestOf));
  const tokens: Token[] = [];
  const lines = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    const number = index + 1;
    const [entry = "", ...options] = line.trim().split(/\s+/);
    if (entry === "" || entry.startsWith("#")) continue;
    const parsed = parseFileLine(entry, options);
    if ("problem" in parsed) return { problem: `line ${number} ${parsed.problem}` };
    const digest = digestOf(parsed.ok);
    const first = lines.get(digest);
    if (first !== undefined) {
      return { problem: `has the same hash in lines ${first} and ${number}; remove one of them` };
    }
    if (ofOthers.has(digest)) {
      return { problem: `line ${number} has the hash of a token of the setting tokens` };
    }
    lines.set(digest, number);
    tokens.push(parsed.ok);
  }
  // A file that was cut while it was written must not refuse every caller, or none.
  if (tokens.length === 0) return { problem: "has no token" };
  return { ok: tokens };
}

function parseFileLine(entry: string, options: readonly string[]): Parsed<Token> {
  const parsed = parseToken(entry);
  if ("problem" in parsed) {
    if (entry.includes(HASH_PREFIX)) return parsed;
    return { problem: "is not NAME:sha256:HEX; dlq-server token makes such a line" };
  }
  if (!("sha256" in parsed.ok.secret)) {
    return { problem: "has a token instead of its hash; dlq-server token makes such a line" };
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
