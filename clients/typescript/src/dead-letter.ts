import { log } from "./log.ts";
import type { SendOptions } from "./send-options.ts";
import { isKept, type SendResult } from "./send-result.ts";
import { HeldDelivery } from "./worker/delivery.ts";

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
 * keeps the message.
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

export function createDeadLetter(send: Send): DeadLetter {
  return (queue, fn, options = {}) =>
    async function deadLettered(this: unknown, ...args) {
      try {
        return await fn.apply(this, args);
      } catch (error) {
        const { payload = first, send: given = {} } = options;
        const result = await trySend(() => {
          const sendOptions = typeof given === "function" ? given(...args) : given;
          const message = payload(...args);
          return send(queue, message, error, { ...idOf(args[0]), ...sendOptions });
        });
        if (result === undefined || !isKept(result)) throw error;
        return undefined;
      }
    };
}

/** Returns undefined if an option throws: that error must not replace the error of the function. */
async function trySend(send: () => Promise<SendResult>): Promise<SendResult | undefined> {
  try {
    return await send();
  } catch (error) {
    log("send failed: an option of deadLetter threw:", error);
    return undefined;
  }
}

/** The first argument of a worker's handler is its delivery: the message is the payload of that. */
function first(...args: readonly unknown[]): unknown {
  const [value] = args;
  return value instanceof HeldDelivery ? value.payload : value;
}

function idOf(value: unknown): SendOptions {
  return value instanceof HeldDelivery && value.sourceId !== "" ? { sourceId: value.sourceId } : {};
}
