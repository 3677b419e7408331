import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { abortCall, abortError, type CallPolicy, type StreamFn } from "./call-policy.ts";

/**
 * Ends a stream when its implementation does, when the signal aborts (at its deadline, or with its
 * client), or when its token is revoked. A hand-written iterator, because a generator's `return()` waits for a pending
 * `next()`, and a generator suspended in `yield` cannot react while Connect waits for a peer that
 * does not read.
 */
export function guardStream(implementation: StreamFn, policy: CallPolicy): StreamFn {
  return (request, context) => ({
    [Symbol.asyncIterator]: () =>
      new GuardedIterator(() => implementation(request, context), context, policy),
  });
}

class GuardedIterator implements AsyncIterator<unknown> {
  readonly #open: () => AsyncIterable<unknown>;
  readonly #context: HandlerContext;
  readonly #policy: CallPolicy;
  readonly #startedAtMs = performance.now();
  #inner: AsyncIterator<unknown> | undefined;
  /** Rejects the pending `next()`. A shared promise to race would collect reactions. */
  #interrupt: ((error: ConnectError) => void) | undefined;
  #ended = false;
  /** Why the stream ended early. */
  #error: ConnectError | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(open: () => AsyncIterable<unknown>, context: HandlerContext, policy: CallPolicy) {
    this.#open = open;
    this.#context = context;
    this.#policy = policy;
    policy.metrics.streams(policy.name, 1);
    if (context.signal.aborted) this.#onAbort();
    else context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      if (this.#context.signal.aborted) throw abortError(this.#context);
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      const step = await this.#step();
      if (step.done === true) this.#end(undefined);
      return step;
    } catch (error) {
      const explained = this.#policy.explain(error, this.#context);
      this.#end(explained);
      throw explained;
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#end(abortError(this.#context));
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    this.#end(abortError(this.#context));
    throw error;
  }

  #step(): Promise<IteratorResult<unknown>> {
    if (this.#inner === undefined) {
      const token = this.#policy.authorize(this.#context);
      if (token !== undefined) {
        this.#stopWatching = this.#policy.whenRevoked(token, this.#onRevoked);
      }
      this.#inner = this.#open()[Symbol.asyncIterator]();
    }
    const step = this.#inner.next();
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      step.then(resolve, reject);
    });
  }

  readonly #onAbort = (): void => this.#interruptBy(abortError(this.#context));

  readonly #onRevoked = (error: ConnectError): void => {
    this.#interruptBy(error);
    abortCall(this.#context, error);
  };

  readonly #interruptBy = (error: ConnectError): void => {
    this.#error = error;
    this.#end(error);
    this.#interrupt?.(error);
  };

  /** Runs once. Ends the implementation without waiting for it. */
  #end(error: ConnectError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopWatching?.();
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#policy.metrics.streams(this.#policy.name, -1);
    this.#policy.done(this.#startedAtMs, error);
    this.#inner?.return?.().then(ignore, ignore);
  }
}

function ignore(): void {}
