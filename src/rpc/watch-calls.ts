import type { HandlerContext } from "@connectrpc/connect";
import { serverBusy } from "../core/errors.ts";
import { CallMemory } from "./call-memory.ts";
import { stopping } from "./error-map.ts";
import { OpenWatch, reconnect } from "./open-watch.ts";
import { connectionAging } from "./stream-due.ts";

/** Most watches of a server: each may hold some thousand changes that its client has not read. */
export const WATCHES = 1_000;
/** Those of one connection. */
export const WATCHES_OF_CONNECTION = 200;
const RETRY_AFTER_MS = 5_000;
const UNREAD_MS = 30_000;
/** Most bytes (estimated) that all watches together hold for their clients. */
const UNREAD_BYTES = 128 * 1024 * 1024;

/** When a watch ends that is not read. */
export interface UnreadLimits {
  /** Nothing is read for so long. */
  readonly ms: number;
  /** All watches have so much unread: those end first that have waited longest. */
  readonly bytes: number;
}

/** Limits the open WatchEvents and WatchMessages calls, and ends those that must reconnect. */
export class Watches {
  readonly #draining: AbortSignal;
  readonly #unread: { readonly memory: CallMemory; readonly unreadMs: number };
  readonly #ofConnection = new WeakMap<object, number>();
  #open = 0;

  /** @param draining aborts when the server drains */
  constructor(draining: AbortSignal, unread: Partial<UnreadLimits> = {}) {
    this.#draining = draining;
    const { ms = UNREAD_MS, bytes = UNREAD_BYTES } = unread;
    this.#unread = { memory: new CallMemory(bytes), unreadMs: ms };
  }

  /**
   * Yields what a watch yields until its call ends. Rejects with BUSY if there are too many. Also rejects when the server drains, the
   * connection reaches its maximum age, or too little is read: the client continues with a new call.
   *
   * @param bytesOf about how much memory a value takes until it is read
   */
  async *run<T>(
    open: (signal: AbortSignal) => AsyncIterable<T>,
    context: HandlerContext,
    bytesOf: (value: T) => number,
  ): AsyncGenerator<T> {
    const aging = context.values.get(connectionAging);
    const onEnd = this.#take(aging);
    const signals = [context.signal, aging, this.#draining];
    const watch = new OpenWatch(open, { context, signals, onEnd, ...this.#unread });
    yield* watch.values(bytesOf);
    if (context.signal.aborted) return;
    if (this.#draining.aborted) throw stopping();
    throw reconnect("the connection has reached its maximum age");
  }

  /** `connection`: an object that only its calls have. Calls of the HTTP port share one: its connections have few calls. */
  #take(connection: object): () => void {
    const own = this.#ofConnection.get(connection) ?? 0;
    if (this.#open >= WATCHES) throw busy("this server", WATCHES);
    if (own >= WATCHES_OF_CONNECTION && connection !== connectionAging.defaultValue)
      throw busy("this connection", WATCHES_OF_CONNECTION);
    this.#open++;
    this.#ofConnection.set(connection, own + 1);
    return () => {
      this.#open--;
      this.#ofConnection.set(connection, (this.#ofConnection.get(connection) ?? 1) - 1);
    };
  }
}

function busy(whose: string, limit: number) {
  const what = `${whose} has ${limit} calls of WatchEvents and WatchMessages`;
  return serverBusy(RETRY_AFTER_MS, `${what}, the most that are allowed; end some`);
}
