import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { StreamDueRequest, StreamDueResponse } from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Dlq } from "../app/commands.ts";
import { writeFrame } from "./convert/deliveries.ts";
import { readStream } from "./convert/stream.ts";

const NEVER = new AbortController().signal;

/** Aborts when the connection of a call has reached its maximum age. Set by the listener. */
export const connectionAging = createContextKey<AbortSignal>(NEVER, {
  description: "maximum age of the connection",
});

/**
 * The frames of one worker's stream. The next frame is asked for when the last one is written,
 * so that nothing is claimed for a worker that does not read.
 *
 * On a connection that has grown too old the stream ends as in a drain: the worker reconnects,
 * perhaps to another server, and goes on. What it holds stays its own.
 */
export async function* streamDue(
  dlq: Dlq,
  request: StreamDueRequest,
  context: HandlerContext,
  drainGraceMs: number,
): AsyncGenerator<StreamDueResponse> {
  const command = readStream(request);
  const spliced = context.protocolName === "grpc";
  const aging = context.values.get(connectionAging);
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of [context.signal, aging]) {
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
  }
  try {
    for await (const frame of dlq.stream(command, stop.signal)) {
      yield writeFrame(frame, { spliced });
    }
    if (aging.aborted && !context.signal.aborted) {
      yield writeFrame({ kind: "drain", graceMs: drainGraceMs });
    }
  } finally {
    // Signals of a connection outlive the stream, and would keep it.
    for (const signal of [context.signal, aging]) signal.removeEventListener("abort", onStop);
    onStop();
  }
}
