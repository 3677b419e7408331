import type { HandlerContext } from "@connectrpc/connect";
import type { BeginWatch } from "../app/events/watch-events.ts";
import { CallMemory } from "./call-memory.ts";
import { stopping } from "./error-map.ts";
import type { WatchFilter } from "./filter-steps.ts";
import { OpenWatch, reconnect } from "./open-watch.ts";
import { connectionAging } from "./stream-due.ts";
import { WatchShares } from "./watch-shares.ts";

const UNREAD_MS = 30_000;
/** Most bytes (estimated) that all watches together hold for their clients. */
const UNREAD_BYTES = 128 * 1024 * 1024;

export interface WatchLimits {
  /** Watches of the server: each may hold some thousand changes that its client has not read. */
  readonly most: number;
  /** A watch ends if nothing is read for so long. */
  readonly unreadMs: number;
  /** If all watches have so much unread, those end first that have waited longest. */
  readonly unreadBytes: number;
}

/** Limits the open WatchEvents and WatchMessages calls, and ends those that must reconnect. */
export class Watches {
  readonly #draining: AbortSignal;
  readonly #unread: { readonly memory: CallMemory; readonly unreadMs: number };
  readonly #shares: WatchShares;

  /** @param draining aborts when the server drains */
  constructor(draining: AbortSignal, limits: Partial<WatchLimits> & Pick<WatchLimits, "most">) {
    this.#draining = draining;
    const { most, unreadMs = UNREAD_MS, unreadBytes = UNREAD_BYTES } = limits;
    this.#unread = { memory: new CallMemory(unreadBytes), unreadMs };
    this.#shares = new WatchShares(most);
  }

  /**
   * Yields what a watch yields until its call ends. Rejects with BUSY if there are too many, or their filters cost too much. Also
   * rejects when the server drains, the connection reaches its maximum age, or too little is read: the client continues with a new
   * call.
   *
   * @param bytesOf about how much memory a value takes until it is read
   */
  async *run<T>(
    open: (signal: AbortSignal, begin: BeginWatch) => AsyncIterable<T>,
    context: HandlerContext,
    { filter, bytesOf }: { filter: WatchFilter; bytesOf(value: T): number },
  ): AsyncGenerator<T> {
    const aging = context.values.get(connectionAging);
    const { begin, release } = this.#shares.take(context, filter);
    const signals = [context.signal, aging, this.#draining];
    const watch = new OpenWatch((signal) => open(signal, begin), {
      ...{ context, signals, onEnd: release, ...this.#unread },
    });
    yield* watch.values(bytesOf);
    if (context.signal.aborted) return;
    if (this.#draining.aborted) throw stopping();
    throw reconnect("the connection has reached its maximum age");
  }
}
