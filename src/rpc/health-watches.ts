import { tooManyWatches } from "./error-map.ts";

/** Open Watch streams of one connection. Clients use one. */
const OF_CONNECTION = 4;
/** Open Watch streams of all callers without a token, who need none. Each holds about 22 KiB. */
const WITHOUT_TOKEN = 1_024;
/** When a stream ends. Clients open it again. */
export const WATCH_LIFETIME_MS = 60 * 60_000;

export interface Watcher {
  /** Undefined: it has one stream at a time. */
  readonly connection: object | undefined;
  readonly address: string;
  readonly hasToken: boolean;
}

/** Ends a stream with an error. */
type End = (error: Error) => void;

/**
 * Counts the open streams of Health.Watch. If callers without a token have all that they may, a new
 * one takes the place of another: of the address that has most of these, the one that is open
 * longest. So one caller cannot keep the probes of others out.
 */
export class HealthWatches {
  readonly #byConnection = new WeakMap<object, { streams: number }>();
  /** Streams without a token by address, longest open first. */
  readonly #byAddress = new Map<string, Set<End>>();
  #withoutToken = 0;

  /**
   * Counts a stream until the returned function is called. Throws a ConnectError if the connection
   * has too many. Calls `end` at most once.
   */
  take({ connection, address, hasToken }: Watcher, end: End): () => void {
    const own = (connection && this.#byConnection.get(connection)) ?? { streams: 0 };
    if (own.streams >= OF_CONNECTION) throw tooManyWatches("this connection has", OF_CONNECTION);
    if (!hasToken && this.#withoutToken >= WITHOUT_TOKEN) this.#endOne();
    if (connection !== undefined) this.#byConnection.set(connection, own);
    own.streams++;
    if (!hasToken) this.#add(address, end);
    return () => {
      own.streams--;
      if (!hasToken) this.#forget(address, end);
    };
  }

  #endOne(): void {
    let most: [address: string, ends: Set<End>] | undefined;
    for (const one of this.#byAddress) if (one[1].size > (most?.[1].size ?? 0)) most = one;
    const [address = "", [end] = []] = most ?? [];
    if (end === undefined) return;
    this.#forget(address, end);
    end(tooManyWatches("callers without a token have", WITHOUT_TOKEN));
  }

  #add(address: string, end: End): void {
    const ends = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ends.add(end));
    this.#withoutToken++;
  }

  #forget(address: string, end: End): void {
    const ends = this.#byAddress.get(address);
    if (!ends?.delete(end)) return;
    this.#withoutToken--;
    if (ends.size === 0) this.#byAddress.delete(address);
  }
}
