import { log } from "./log.ts";
import { type OptionNames, requireFunction, requireKnown, requireQueue } from "./option-checks.ts";
import type { SendOptions } from "./send-options.ts";
import { isKept, type SendResult } from "./send-result.ts";

/** What a wrapped function sends when it throws. */
export interface DeadLetterOptions<Args extends unknown[]> {
  /** Returns the message. Default: the first argument. */
  readonly payload?: ((...args: Args) => unknown) | undefined;
  /** Options of the send, such as its `sourceId`: fixed, or computed from the arguments. */
  readonly send?: SendOptions | ((...args: Args) => SendOptions) | undefined;
}

/**
 * Wraps `fn`: when it throws, its message is sent to `queue` with the error.
 *
 * The wrapper resolves to the result of `fn`, or to undefined if `fn` failed and the message is safe in
 * the service or on this machine's disk. Otherwise it rejects with the error of `fn`, so that the caller
 * keeps the message. Throws a TypeError if it is called in a wrong way.
 */
export type DeadLetter = <Args extends unknown[], Result>(
  queue: string,
  fn: (...args: Args) => PromiseLike<Result> | Result,
  options?: DeadLetterOptions<Args>,
) => (...args: Args) => Promise<Result | undefined>;

type Send = (
  queue: string,
  payload: unknown,
  error: unknown,
  options: SendOptions,
) => Promise<SendResult>;

const OPTIONS: OptionNames<DeadLetterOptions<unknown[]>> = { payload: true, send: true };

export function createDeadLetter(send: Send): DeadLetter {
  return (queue, fn, options = {}) => {
    requireQueue(queue);
    requireFunction("the function of deadLetter", fn);
    requireKnown("deadLetter", options, OPTIONS);
    if (GENERATORS.has(Object.prototype.toString.call(fn))) {
      throw new TypeError("deadLetter does not see errors of a generator; wrap what runs it");
    }
    const { payload = first, send: given = {} } = options;
    return async function deadLettered(this: unknown, ...args) {
      try {
        return await fn.apply(this, args);
      } catch (error) {
        const result = await trySend(async () => {
          // Functions of programs without types may be asynchronous.
          const sendOptions = await (typeof given === "function" ? given(...args) : given);
          return send(queue, await payload(...args), error, sendOptions);
        });
        if (result === undefined || !isKept(result)) throw error;
        return undefined;
      }
    };
  };
}

const GENERATORS = new Set(["[object GeneratorFunction]", "[object AsyncGeneratorFunction]"]);

/** Returns undefined if an option throws: that error must not replace the error of the function. */
async function trySend(send: () => Promise<SendResult>): Promise<SendResult | undefined> {
  try {
    return await send();
  } catch (error) {
    log("send failed: an option of deadLetter threw:", error);
    return undefined;
  }
}

const first = (...args: readonly unknown[]): unknown => args[0];
