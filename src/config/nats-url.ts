import { HIDDEN, refusePlaceholder } from "./secret.ts";
import { type Parsed, scalarType, type ValueType } from "./value-type.ts";

const DEFAULT_PORT = "4222";

/** The servers and credentials of a `nats-url`. */
export interface NatsServers {
  /** `host:port` of each. */
  readonly servers: readonly string[];
  readonly requiresTls: boolean;
  /** A user and a password, a token alone, or neither. */
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Reads servers separated by commas. They share their credentials, which one of them may have for all. */
export function readNatsUrl(text: string): Parsed<NatsServers> {
  const servers: string[] = [];
  let credentials = "";
  let requiresTls = false;
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    if (!/^[a-z]+:\/\//i.test(part) || !URL.canParse(part)) return { problem: "is not a URL" };
    const url = new URL(part);
    const problem = problemOf(url);
    if (problem !== undefined) return { problem };
    servers.push(`${url.hostname}:${url.port || DEFAULT_PORT}`);
    requiresTls ||= url.protocol === "tls:";
    if (url.username === "") continue;
    const own = JSON.stringify([url.username, url.password]);
    if (credentials !== "" && credentials !== own) {
      return { problem: "has servers with different credentials" };
    }
    credentials = own;
  }
  if (servers.length === 0) return { problem: "has no server" };
  const read = credentials === "" ? { ok: {} } : readCredentials(credentials);
  return "problem" in read ? read : { ok: { servers, requiresTls, ...read.ok } };
}

function problemOf(url: URL): string | undefined {
  if (url.protocol !== "nats:" && url.protocol !== "tls:") {
    return `has the scheme ${url.protocol.slice(0, -1)}`;
  }
  if (url.hostname === "") return "has no host";
  if (url.username === "" && url.password !== "") return "has a password without a user";
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    return "has something after the host and port";
  }
  return undefined;
}

function readCredentials(
  credentials: string,
): Parsed<Pick<NatsServers, "user" | "password" | "token">> {
  try {
    const [user = "", password = ""]: string[] = JSON.parse(credentials).map(decodeURIComponent);
    for (const secret of [user, password]) {
      const allowed = refusePlaceholder(secret);
      if ("problem" in allowed) return allowed;
    }
    return { ok: password === "" ? { token: user } : { user, password } };
  } catch {
    return { problem: "has a % that begins no escape such as %40" };
  }
}

/** Kept as text. Checked here, so that a typo fails at the start. */
export const natsUrl: ValueType<string> = scalarType({
  placeholder: "URL,…",
  allowed:
    "servers separated by commas, each nats://[user:password@]host[:port], nats://token@host[:port], or the same with tls://",
  parse: (text) => {
    const read = readNatsUrl(text);
    return "problem" in read ? read : { ok: text };
  },
  format: (value) => value,
  // A user is shown, a token is not.
  hide: (value) =>
    value
      .split(",")
      .map((part) => {
        const [, scheme, user, secret, host] =
          /^(\s*[^/]*\/\/)(?:([^:@/]*:)?([^/]*)@)?(.*)$/s.exec(part) ?? [];
        return secret === undefined ? part : `${scheme}${user ?? ""}${HIDDEN}@${host}`;
      })
      .join(","),
});
