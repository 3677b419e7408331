import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { deadlineExceeded } from "../error-map.ts";
import type { BidiMethod, StreamMethod } from "../methods.ts";
import type { CallContext } from "./call-context.ts";
import type { Reply } from "./reply.ts";

/** 23 days. A timer that is set to more than 2^31 ms fires at once. */
const LONGEST_TIMER_MS = 2_000_000_000;

/**
 * The next message is asked for when the connection has taken the last one, so that a peer that
 * does not read stops its implementation too.
 */
export async function writeAll<Request>(
  method: Pick<StreamMethod | BidiMethod, "output"> & {
    call(request: Request, context: CallContext): AsyncIterable<unknown>;
  },
  request: Request,
  context: CallContext,
  reply: Reply,
): Promise<void> {
  const timer = deadlineTimer(context, reply);
  try {
    for await (const message of method.call(request, context)) {
      await reply.write(encode(method.output, message));
    }
    reply.end();
  } finally {
    clearTimeout(timer);
  }
}

function deadlineTimer(context: CallContext, reply: Reply): NodeJS.Timeout | undefined {
  const timeoutMs = context.timeoutMs();
  if (timeoutMs === undefined) return undefined;
  return setTimeout(
    () => {
      const error = deadlineExceeded(undefined);
      context.abort(error);
      // The implementation's own end would wait for a message that its peer does not read.
      reply.failIfStuck(error);
    },
    Math.min(Math.max(timeoutMs, 0), LONGEST_TIMER_MS),
  );
}

/** Implementations may return plain fields. They are typed by their service, and checked there. */
export function encode(output: DescMessage, message: unknown): Uint8Array {
  return toBinary(output, create(output, message as MessageInitShape<DescMessage>));
}
