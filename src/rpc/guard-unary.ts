import type { HandlerContext } from "@connectrpc/connect";
import {
  abortError,
  type CallPolicy,
  isAborted,
  keepsDeadline,
  type UnaryFn,
  whenAborted,
} from "./call-policy.ts";
import { deadlineExceeded } from "./error-map.ts";

/**
 * Answers the caller when the implementation is done, the deadline is over, or the client
 * disconnects. The implementation always runs to its end and counts as in progress until then, so
 * that a stopping server does not interrupt a write.
 */
export function guardUnary(implementation: UnaryFn, policy: CallPolicy): UnaryFn {
  return (request, context) =>
    new Promise((resolve, reject) => {
      new UnaryRun(context, policy, resolve, reject).start(implementation, request);
    });
}

class UnaryRun {
  readonly #startedAtMs = performance.now();
  readonly #context: HandlerContext;
  readonly #policy: CallPolicy;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #settled = false;

  constructor(
    context: HandlerContext,
    policy: CallPolicy,
    resolve: (answer: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#context = context;
    this.#policy = policy;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(implementation: UnaryFn, request: unknown): void {
    const { calls, authorize, defaultTimeoutMs, maxTimeoutMs } = this.#policy;
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
    // A result after the deadline has no effect and is not an unhandled rejection.
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
    this.#policy.done(this.#startedAtMs, undefined);
    this.#resolve(answer);
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    const explained = this.#policy.explain(error, this.#context);
    this.#policy.done(this.#startedAtMs, explained);
    this.#reject(explained);
  }

  readonly #onAbort = (): void => this.#fail(abortError(this.#context));

  /** Returns true the first time. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    whenAborted(this.#context, undefined, this.#onAbort);
    return true;
  }
}
