import { listOf } from "./list.ts";
import { type Parsed, scalarType, type ValueType } from "./value-type.ts";

/** What is printed instead of a secret. */
export const HIDDEN = "***";

/**
 * Printed configuration is meant to be fed back. The placeholder must then fail, not become the
 * secret: a token "***" would be a token that everybody knows.
 */
function refusePlaceholder(text: string): Parsed<string> {
  return text === HIDDEN
    ? { problem: "is the placeholder that is printed for a hidden secret, not the secret itself" }
    : { ok: text };
}

export const secret: ValueType<string> = scalarType({
  placeholder: "SECRET",
  allowed: "any text",
  parse: refusePlaceholder,
  format: (value) => value,
});

/** RFC 6750's b64token: anything else can't be sent in an Authorization header as it stands. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

const bearerToken: ValueType<string> = scalarType({
  placeholder: "TOKEN",
  allowed: "",
  parse: (text) => {
    const parsed = refusePlaceholder(text);
    if ("problem" in parsed || BEARER_TOKEN.test(text)) return parsed;
    return { problem: "has a character that a bearer token can't have" };
  },
  format: (value) => value,
});

export const bearerTokens: ValueType<readonly string[]> = listOf(bearerToken, {
  placeholder: "TOKEN,…",
  allowed: "bearer tokens separated by commas, each of letters, digits and - . _ ~ + / =",
  hideItems: true,
});

/** Kept as text: the store's client reads the parts. Checked here, so that a typo fails at once. */
export const redisUrl: ValueType<string> = scalarType({
  placeholder: "URL",
  allowed:
    "redis://[user:password@]host[:port][/db], the same with rediss:// for TLS, or unix:///path/to/socket",
  parse: (text) => {
    const placeholder = refusePlaceholder(text);
    if ("problem" in placeholder) return placeholder;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // Without "//" the part before the first colon could be a host, or a password.
    if (url === undefined || !/^[a-z]+:\/\//i.test(text)) return { problem: "is not a URL" };
    if (url.password === HIDDEN) return refusePlaceholder(HIDDEN);
    switch (url.protocol) {
      case "unix:":
        return url.pathname.length > 1 && url.host === ""
          ? { ok: text }
          : { problem: "names no absolute path: three slashes follow unix:" };
      case "redis:":
      case "rediss:":
        if (url.hostname === "") return { problem: "names no host" };
        return /^\/?\d*$/.test(url.pathname)
          ? { ok: text }
          : { problem: "has something after the host that is not the number of a database" };
      default:
        return { problem: `has the scheme ${url.protocol.slice(0, -1)}` };
    }
  },
  format: (value) => value,
  // Which Redis is in force is the first question in an outage; only its password is a secret.
  hide: (value) => value.replace(/^([^/]*\/\/[^:@/]*:)[^/]*@/, `$1${HIDDEN}@`),
});
