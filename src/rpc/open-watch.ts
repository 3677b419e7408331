import type { HandlerContext } from "@connectrpc/connect";
import { watchEnded } from "../core/errors.ts";
import type { CallMemory, MemoryHolder } from "./call-memory.ts";
import { abortCall } from "./call-policy.ts";
import { toConnectError } from "./error-map.ts";

/** A client of an ended watch reconnects at once. */
const RECONNECT_AFTER_MS = 100;

/** Returns the error of a watch that ends so that its client calls again. */
export function reconnect(why: string) {
  return watchEnded(RECONNECT_AFTER_MS, why);
}

interface OpenWatchParts {
  readonly context: HandlerContext;
  /** End the watch. */
  readonly signals: readonly AbortSignal[];
  /** Of what all watches have unread. */
  readonly memory: CallMemory;
  /** How long nothing may be read. */
  readonly unreadMs: number;
  /** Called once, at the end of the watch, also while it looks for its beginning. */
  readonly onEnd: () => void;
}

/** One open watch. It ends with a signal, or if its client reads too little. */
export class OpenWatch<T> implements MemoryHolder {
  readonly #parts: OpenWatchParts;
  readonly #steps: AsyncIterator<T>;
  readonly #stop = new AbortController();
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  /** Why it was dropped: too little was read. */
  #dropped: ReturnType<typeof watchEnded> | undefined;

  constructor(open: (signal: AbortSignal) => AsyncIterable<T>, parts: OpenWatchParts) {
    this.#parts = parts;
    this.#steps = open(this.#stop.signal)[Symbol.asyncIterator]();
    for (const signal of parts.signals) {
      if (!signal.aborted) signal.addEventListener("abort", this.#end, { once: true });
      else {
        this.#end();
        break;
      }
    }
  }

  /**
   * Yields its values until it ends. Rejects if too little is read.
   *
   * @param bytesOf about how much memory a value takes until it is read
   */
  async *values(bytesOf: (value: T) => number): AsyncGenerator<T> {
    const { memory, unreadMs } = this.#parts;
    try {
      for (;;) {
        const { done, value } = await this.#steps.next();
        if (done === true) return;
        this.#timer = setTimeout(() => this.#drop(`nothing was read for ${unreadMs} ms`), unreadMs);
        memory.hold(this, bytesOf(value));
        yield value;
        memory.release(this);
        clearTimeout(this.#timer);
        if (this.#dropped !== undefined) throw this.#dropped;
      }
    } finally {
      memory.release(this);
      clearTimeout(this.#timer);
      this.#end();
    }
  }

  abandon(): void {
    this.#drop("too much is unread; other watches need the memory");
  }

  #drop(why: string): void {
    this.#dropped = reconnect(why);
    clearTimeout(this.#timer);
    this.#end();
    // Its client may never read: the stream would keep what is unread.
    abortCall(this.#parts.context, toConnectError(this.#dropped));
  }

  readonly #end = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    const { signals, onEnd } = this.#parts;
    // The signals live longer than the call and would keep it in memory.
    for (const signal of signals) signal.removeEventListener("abort", this.#end);
    this.#stop.abort();
    void this.#steps.return?.();
    onEnd();
  };
}
