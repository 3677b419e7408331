import { say } from "./say.ts";
import type { SendOptions } from "./send-options.ts";
import { isKept, type SendResult } from "./send-result.ts";
import { HeldDelivery } from "./worker/delivery.ts";

/** What a wrapped function sends when it throws. */
export interface DeadLetterOptions<Args extends unknown[]> {
  /** The message. Default: the first argument. */
  readonly payload?: ((...args: Args) => unknown) | undefined;
  /** Options of the send, such as its `sourceId`: the same for all, or from the arguments. */
  readonly send?: SendOptions | ((...args: Args) => SendOptions) | undefined;
}

/**
 * Wraps `fn`: when it throws, its message goes to `queue` with the error. Resolves to what `fn`
 * gives, or to undefined if the message is kept, by the service or on this machine's disk. If it could not be kept, rejects with
 * the error of `fn` itself, so that whoever called keeps the message.
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
        const result = await keep(() => {
          const sendOptions = typeof given === "function" ? given(...args) : given;
          const message = payload(...args);
          return send(queue, message, error, { ...idOf(args[0]), ...sendOptions });
        });
        if (result === undefined || !isKept(result)) throw error;
        return undefined;
      }
    };
}

/** What the caller's functions throw must not take the place of the error itself. */
async function keep(attempt: () => Promise<SendResult>): Promise<SendResult | undefined> {
  try {
    return await attempt();
  } catch (error) {
    say("a message could not be sent, its options threw:", error);
    return undefined;
  }
}

/** A handler of a worker has its delivery as the first argument: its payload is the message. */
function first(...args: readonly unknown[]): unknown {
  const [value] = args;
  return value instanceof HeldDelivery ? value.payload : value;
}

function idOf(value: unknown): SendOptions {
  return value instanceof HeldDelivery && value.sourceId !== "" ? { sourceId: value.sourceId } : {};
}
