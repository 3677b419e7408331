import type { HandlerContext } from "@connectrpc/connect";
import {
  abortError,
  type CallRules,
  isAborted,
  keepsDeadline,
  type UnaryFn,
  whenAborted,
} from "./call-rules.ts";
import { deadlineExceeded } from "./error-map.ts";

/**
 * The caller is answered when the implementation is done, the deadline is over, or it hung up.
 * The implementation itself runs to its end and counts as in progress until then: half a write
 * to the store is nothing that a server may stop on.
 */
export function guardUnary(implementation: UnaryFn, rules: CallRules): UnaryFn {
  return (request, context) =>
    new Promise((resolve, reject) => {
      new UnaryRun(context, rules, resolve, reject).start(implementation, request);
    });
}

class UnaryRun {
  readonly #startedAtMs = performance.now();
  readonly #context: HandlerContext;
  readonly #rules: CallRules;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #settled = false;

  constructor(
    context: HandlerContext,
    rules: CallRules,
    resolve: (answer: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#context = context;
    this.#rules = rules;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(implementation: UnaryFn, request: unknown): void {
    const { calls, authorize, defaultTimeoutMs, maxTimeoutMs } = this.#rules;
    let work: unknown;
    try {
      authorize(this.#context);
      const timeoutMs = Math.min(this.#context.timeoutMs() ?? defaultTimeoutMs, maxTimeoutMs);
      if (timeoutMs <= 0) throw deadlineExceeded(undefined);
      if (isAborted(this.#context)) throw abortError(this.#context);
      if (!keepsDeadline(this.#context, timeoutMs)) {
        this.#timer = setTimeout(() => this.#fail(deadlineExceeded(timeoutMs)), timeoutMs);
      }
      whenAborted(this.#context, this.#onAbort);
    } catch (error) {
      this.#fail(error);
      return;
    }
    calls.begin();
    try {
      work = implementation(request, this.#context);
    } catch (error) {
      work = Promise.reject(error);
    }
    // A result that comes after the deadline settles nothing any more, and is no unhandled one.
    Promise.resolve(work).then(
      (answer) => {
        calls.end();
        this.#succeed(answer);
      },
      (error) => {
        calls.end();
        this.#fail(error);
      },
    );
  }

  #succeed(answer: unknown): void {
    if (!this.#settle()) return;
    this.#rules.done(this.#startedAtMs, undefined);
    this.#resolve(answer);
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    const explained = this.#rules.explain(error, this.#context);
    this.#rules.done(this.#startedAtMs, explained);
    this.#reject(explained);
  }

  readonly #onAbort = (): void => this.#fail(abortError(this.#context));

  /** True the first time. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    whenAborted(this.#context, undefined, this.#onAbort);
    return true;
  }
}
