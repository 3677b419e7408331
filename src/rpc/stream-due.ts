import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { StreamDueRequest, StreamDueResponse } from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Dlq } from "../app/commands.ts";
import { callerOf } from "./caller.ts";
import { writeFrame } from "./convert/deliveries.ts";
import { spliceDeliveries } from "./convert/spliced.ts";
import { readStream } from "./convert/stream.ts";
import { CallContext } from "./grpc/call-context.ts";
import type { EncodedMessage } from "./grpc/frames.ts";
import type { StreamQueues } from "./stream-queues.ts";

const NEVER = new AbortController().signal;

/** Aborts when the connection of a call reaches its maximum age. Set by the listener. */
export const connectionAging = createContextKey<AbortSignal>(NEVER, {
  description: "maximum age of the connection",
});

/**
 * Yields the frames of a worker's stream. The next frame is requested when the last one is written,
 * so that nothing is claimed for a worker that does not read.
 *
 * When the connection reaches its maximum age, the stream ends as in a drain: the worker reconnects
 * and keeps its leases.
 */
export async function* streamDue(
  dlq: Dlq,
  request: StreamDueRequest,
  context: HandlerContext,
  { drainGraceMs, streamQueues }: { drainGraceMs: number; streamQueues: StreamQueues },
): AsyncGenerator<StreamDueResponse | EncodedMessage> {
  const command = {
    ...readStream(request),
    get caller() {
      return callerOf(context).caller;
    },
  };
  // On the HTTP port Connect encodes.
  const encodes = context instanceof CallContext;
  const aging = context.values.get(connectionAging);
  // The gRPC port has one signal for each connection. HTTP/1.1 has one stream for a connection.
  const connection = aging === NEVER ? undefined : aging;
  const release = streamQueues.take(command.queues.length, connection);
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of [context.signal, aging]) {
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
  }
  try {
    for await (const frame of dlq.stream(command, stop.signal)) {
      if (encodes && frame.kind === "deliveries") yield spliceDeliveries(frame.deliveries);
      else yield writeFrame(frame);
    }
    if (aging.aborted && !context.signal.aborted) {
      yield writeFrame({ kind: "drain", graceMs: drainGraceMs });
    }
  } finally {
    // The signals live longer than the stream and would keep it in memory.
    for (const signal of [context.signal, aging]) signal.removeEventListener("abort", onStop);
    onStop();
    release();
  }
}
