import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { abortError, type CallRules, type StreamFn } from "./call-rules.ts";

/**
 * A stream ends when its implementation does, or when the signal aborts: at its deadline, or with
 * its client. An iterator by hand, not an async generator: a generator's `return()` waits for a
 * pending `next()`, and one that is suspended in a `yield` hears of nothing while Connect waits
 * for a peer that does not read any more.
 */
export function guardStream(implementation: StreamFn, rules: CallRules): StreamFn {
  return (request, context) => ({
    [Symbol.asyncIterator]: () =>
      new GuardedIterator(() => implementation(request, context), context, rules),
  });
}

class GuardedIterator implements AsyncIterator<unknown> {
  readonly #open: () => AsyncIterable<unknown>;
  readonly #context: HandlerContext;
  readonly #rules: CallRules;
  readonly #startedAtMs = performance.now();
  #inner: AsyncIterator<unknown> | undefined;
  /** Rejects the pending `next()`. Not a shared promise to race: its reactions would pile up. */
  #interrupt: ((error: ConnectError) => void) | undefined;
  #ended = false;

  constructor(open: () => AsyncIterable<unknown>, context: HandlerContext, rules: CallRules) {
    this.#open = open;
    this.#context = context;
    this.#rules = rules;
    rules.metrics.streams(rules.name, 1);
    if (context.signal.aborted) this.#onAbort();
    else context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      if (this.#context.signal.aborted) throw abortError(this.#context);
      if (this.#ended) return { done: true, value: undefined };
      const step = await this.#step();
      if (step.done === true) this.#end(undefined);
      return step;
    } catch (error) {
      const explained = this.#rules.explain(error, this.#context);
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
      this.#rules.authorize(this.#context);
      this.#inner = this.#open()[Symbol.asyncIterator]();
    }
    const step = this.#inner.next();
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      step.then(resolve, reject);
    });
  }

  readonly #onAbort = (): void => {
    const error = abortError(this.#context);
    this.#end(error);
    this.#interrupt?.(error);
  };

  /** Once. The implementation is told, and not waited for. */
  #end(error: ConnectError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#rules.metrics.streams(this.#rules.name, -1);
    this.#rules.done(this.#startedAtMs, error);
    this.#inner?.return?.().then(ignore, ignore);
  }
}

function ignore(): void {}
