import { create } from "@bufbuild/protobuf";
import { type TraceContext, TraceContextSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { text } from "./field-values.ts";
import type { TraceContextOptions } from "./send-options.ts";

/** What the service takes of each, in bytes. */
const MOST_TRACEPARENT = 128;
const MOST_TRACESTATE = 512;

/**
 * Without what the service would refuse the whole message for: it is somebody else's, such as of a
 * header. Undefined where nothing is left.
 */
export function traceContextOf(given: TraceContextOptions | undefined): TraceContext | undefined {
  const traceparent = text(given?.traceparent ?? "");
  if (traceparent === "" || Buffer.byteLength(traceparent) > MOST_TRACEPARENT) return undefined;
  const tracestate = text(given?.tracestate ?? "");
  const isTooLong = Buffer.byteLength(tracestate) > MOST_TRACESTATE;
  return create(TraceContextSchema, { traceparent, tracestate: isTooLong ? "" : tracestate });
}
