import { createHash, timingSafeEqual } from "node:crypto";

/** Says whether the headers of a call carry a token of this server. */
export type CheckCredentials = (call: { readonly requestHeader: Headers }) => boolean;

/**
 * Bearer tokens. Without any, everybody is let in: whether that may be is a matter of the
 * configuration, which refuses it beyond loopback.
 */
export function createCredentials(tokens: readonly string[]): CheckCredentials {
  if (tokens.length === 0) return () => true;
  const known = tokens.map(digest);
  return ({ requestHeader }) => {
    const token = /^bearer +(\S+) *$/i.exec(requestHeader.get("authorization") ?? "")?.[1];
    if (token === undefined) return false;
    const given = digest(token);
    // Digests of equal length, and every one compared: the time taken tells nothing.
    let found = false;
    for (const one of known) found = timingSafeEqual(one, given) || found;
    return found;
  };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
