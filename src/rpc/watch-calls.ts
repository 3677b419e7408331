import type { HandlerContext } from "@connectrpc/connect";
import { serverBusy, watchEnded } from "../core/errors.ts";
import { abortCall } from "./call-policy.ts";
import { stopping, toConnectError } from "./error-map.ts";
import { RequestMemory } from "./request-memory.ts";
import { connectionAging } from "./stream-due.ts";

/** Most watches of a server: each may hold some thousand changes that its client has not read. */
export const WATCHES = 1_000;
/** Those of one connection. */
export const WATCHES_OF_CONNECTION = 200;
const RETRY_AFTER_MS = 5_000;
const UNREAD_MS = 30_000;
/** What all watches together have sent and their clients have not read, about. */
const UNREAD_BYTES = 128 * 1024 * 1024;
/** A client of an ended watch reconnects at once. */
const RECONNECT_AFTER_MS = 100;

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
  readonly #unreadMs: number;
  readonly #unread: RequestMemory;
  readonly #ofConnection = new WeakMap<object, number>();
  #open = 0;

  /** @param draining aborts when the server drains */
  constructor(draining: AbortSignal, unread: Partial<UnreadLimits> = {}) {
    this.#draining = draining;
    this.#unreadMs = unread.ms ?? UNREAD_MS;
    this.#unread = new RequestMemory(unread.bytes ?? UNREAD_BYTES);
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
    const release = this.#take(aging);
    const stop = new AbortController();
    const signals = [context.signal, aging, this.#draining];
    const steps = open(stop.signal)[Symbol.asyncIterator]();
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    // Also while the watch looks for its beginning: others get its place.
    const onStop = () => {
      if (isOver) return;
      isOver = true;
      // The signals live longer than the call and would keep it in memory.
      for (const signal of signals) signal.removeEventListener("abort", onStop);
      stop.abort();
      void steps.return?.();
      release();
    };
    const end = () => {
      clearTimeout(timer);
      onStop();
    };
    for (const signal of signals) {
      if (signal.aborted) onStop();
      else signal.addEventListener("abort", onStop, { once: true });
    }
    let unread: ReturnType<typeof watchEnded> | undefined;
    const drop = (why: string) => {
      unread = watchEnded(RECONNECT_AFTER_MS, why);
      end();
      // Its client may never read: the stream would keep what is unread.
      abortCall(context, toConnectError(unread));
    };
    const held = { abandon: () => drop("too much is unread; other watches need the memory") };
    try {
      for (let step = await steps.next(); step.done !== true; step = await steps.next()) {
        timer = setTimeout(() => drop(`nothing was read for ${this.#unreadMs} ms`), this.#unreadMs);
        this.#unread.hold(held, bytesOf(step.value));
        yield step.value;
        this.#unread.release(held);
        clearTimeout(timer);
        if (unread !== undefined) throw unread;
      }
      if (context.signal.aborted) return;
      if (this.#draining.aborted) throw stopping();
      throw watchEnded(RECONNECT_AFTER_MS, "the connection has reached its maximum age");
    } finally {
      this.#unread.release(held);
      end();
    }
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
