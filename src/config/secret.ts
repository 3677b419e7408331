import { type Parsed, scalarType, type ValueType } from "./value-type.ts";

/** Printed instead of a secret. */
export const HIDDEN = "***";

/**
 * Printed configuration can be used as input. The placeholder must then fail: as a token, "***"
 * would be public.
 */
export function refusePlaceholder(text: string): Parsed<string> {
  return text === HIDDEN
    ? { problem: "is the placeholder of a hidden secret; fill in the secret" }
    : { ok: text };
}

export const secret: ValueType<string> = scalarType({
  placeholder: "SECRET",
  allowed: "any text",
  parse: refusePlaceholder,
  format: (value) => value,
});

/** Kept as text for the store's client. Checked here, so that a typo fails at the start. */
export const redisUrl: ValueType<string> = scalarType({
  placeholder: "URL",
  allowed:
    "redis://[user:password@]host[:port][/db], the same with rediss:// for TLS, or unix:///path/to/socket",
  parse: (text) => {
    const placeholder = refusePlaceholder(text);
    if ("problem" in placeholder) return placeholder;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // Without "//" the part before the first colon could be a host or a password.
    if (url === undefined || !/^[a-z]+:\/\//i.test(text)) return { problem: "is not a URL" };
    if (url.password === HIDDEN) return refusePlaceholder(HIDDEN);
    switch (url.protocol) {
      case "unix:":
        return url.pathname.length > 1 && url.host === ""
          ? { ok: text }
          : { problem: "has no absolute path; write three slashes after unix:" };
      case "redis:":
      case "rediss:":
        if (url.hostname === "") return { problem: "has no host" };
        return /^\/?\d*$/.test(url.pathname)
          ? { ok: text }
          : { problem: "has something after the host that is not a database number" };
      default:
        return { problem: `has the scheme ${url.protocol.slice(0, -1)}` };
    }
  },
  format: (value) => value,
  // Hides only the password: the rest of the URL helps in an outage.
  hide: (value) => value.replace(/^([^/]*\/\/[^:@/]*:)[^/]*@/, `$1${HIDDEN}@`),
});
