import { tooManyWatches } from "./error-map.ts";

/** Open Watch streams of one connection. Clients use one. */
const OF_CONNECTION = 4;
/** Open Watch streams of all callers without a token, who need none. Each holds about 22 KiB. */
const WITHOUT_TOKEN = 1_024;
/** When a stream ends. Clients open it again. */
export const WATCH_LIFETIME_MS = 60 * 60_000;

/** Counts the open streams of Health.Watch. */
export class HealthWatches {
  readonly #byConnection = new WeakMap<object, { streams: number }>();
  #withoutToken = 0;

  /**
   * Counts a stream until the returned function is called. Throws a ConnectError above a limit.
   * Undefined `connection`: it has one stream at a time.
   */
  take(connection: object | undefined, hasToken: boolean): () => void {
    const own = (connection && this.#byConnection.get(connection)) ?? { streams: 0 };
    if (own.streams >= OF_CONNECTION) throw tooManyWatches("this connection has", OF_CONNECTION);
    if (!hasToken && this.#withoutToken >= WITHOUT_TOKEN) {
      throw tooManyWatches("callers without a token have", WITHOUT_TOKEN);
    }
    if (connection !== undefined) this.#byConnection.set(connection, own);
    own.streams++;
    if (!hasToken) this.#withoutToken++;
    return () => {
      own.streams--;
      if (!hasToken) this.#withoutToken--;
    };
  }
}
