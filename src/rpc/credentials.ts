import { digestOf, type Token } from "../config/token.ts";

/** A call, as far as its credentials are concerned. */
export interface CredentialsCall {
  readonly requestHeader: Headers;
}

/** A token that a call has proven to have. Name and expiry follow changes while it is watched. */
export interface KnownToken {
  name: string;
  readonly digest: string;
  expireAtMs: number;
}

/** How often open streams are checked for expired tokens. */
const SWEEP_MS = 1_000;

/** Why a call is refused. */
export interface Refused {
  readonly refused: "no token" | "unknown token" | "expired token";
  /** The name of an expired token. */
  readonly name?: string;
}

/**
 * Checks bearer tokens. Without tokens every call is accepted; the configuration refuses that
 * except on loopback.
 */
export class Credentials {
  readonly #now: () => number;
  #known: Tokens | undefined;
  readonly #watched = new Map<() => void, KnownToken>();
  #sweep: NodeJS.Timeout | undefined;

  /** `now` is the wall clock. Undefined `tokens`: calls need none. */
  constructor(tokens: readonly Token[] | undefined, now: () => number = Date.now) {
    this.#now = now;
    this.#known = tokens && indexed(tokens);
  }

  /** Returns the token of a call, or why it is refused. Undefined: no token is needed. */
  check({ requestHeader }: CredentialsCall): KnownToken | Refused | undefined {
    if (this.#known === undefined) return undefined;
    const token = /^bearer +(\S+) *$/i.exec(requestHeader.get("authorization") ?? "")?.[1];
    if (token === undefined) return { refused: "no token" };
    const found = this.#known.get(digestOf({ secret: { text: token } }));
    if (found === undefined) return { refused: "unknown token" };
    if (found.expireAtMs > this.#now()) return found;
    return { refused: "expired token", name: found.name };
  }

  /** Accepts only these tokens from now on. */
  replace(tokens: readonly Token[]): void {
    const accepted = indexed(tokens);
    this.#known = accepted;
    for (const [end, token] of this.#watched) {
      const same = accepted.get(token.digest);
      if (same === undefined) this.#end(end);
      else Object.assign(token, same);
    }
  }

  /**
   * Calls `end` once, when the token is no longer accepted: at once when it is removed, and within
   * a second when it expires. Returns the function that stops that.
   */
  watch(token: KnownToken, end: () => void): () => void {
    this.#watched.set(end, token);
    this.#sweep ??= setInterval(() => this.#endExpired(), SWEEP_MS).unref();
    return () => this.#forget(end);
  }

  #endExpired(): void {
    const now = this.#now();
    for (const [end, { expireAtMs }] of this.#watched) if (expireAtMs <= now) this.#end(end);
  }

  #end(end: () => void): void {
    this.#forget(end);
    end();
  }

  #forget(end: () => void): void {
    this.#watched.delete(end);
    if (this.#watched.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/**
 * By their digests. The time of a search may reveal parts of a digest, which is of no use: nobody can
 * choose a token by its digest.
 */
type Tokens = ReadonlyMap<string, KnownToken>;

function indexed(tokens: readonly Token[]): Tokens {
  return new Map(
    tokens.map((token, index) => {
      const digest = digestOf(token);
      const name = token.name ?? `token-${index + 1}`;
      const expireAtMs = token.expireAtMs ?? Number.POSITIVE_INFINITY;
      return [digest, { name, digest, expireAtMs }];
    }),
  );
}
