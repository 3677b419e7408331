// The trace context of messages, from options or from OpenTelemetry.

import { create } from "@bufbuild/protobuf";
import type * as OpenTelemetry from "@opentelemetry/api";
import { type TraceContext, TraceContextSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { text } from "./field-values.ts";
import { openTelemetry } from "./otel.ts";
import type { TraceContextOptions } from "./send-options.ts";

/** Limits of the service, in bytes. */
const MAX_TRACEPARENT = 128;
const MAX_TRACESTATE = 512;

const TRACEPARENT =
  /^[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})/;

/**
 * Returns the trace context for a send, or undefined if there is none. It often comes from a foreign
 * header: parts that the service would refuse are left out, because they must not cost the message.
 */
export function traceContextOf(
  given: TraceContextOptions | undefined = currentTraceContext(),
): TraceContext | undefined {
  const traceparent = text(given?.traceparent ?? "");
  if (traceparent === "" || Buffer.byteLength(traceparent) > MAX_TRACEPARENT) return undefined;
  const tracestate = text(given?.tracestate ?? "");
  const isTooLong = Buffer.byteLength(tracestate) > MAX_TRACESTATE;
  return create(TraceContextSchema, { traceparent, tracestate: isTooLong ? "" : tracestate });
}

/** Returns the context of the active span, or undefined if there is none. Never throws. */
function currentTraceContext(): TraceContextOptions | undefined {
  try {
    const api = openTelemetry();
    const span = api?.trace.getActiveSpan()?.spanContext();
    if (api === null || span === undefined || !api.isSpanContextValid(span)) return undefined;
    const flags = span.traceFlags.toString(16).padStart(2, "0");
    const tracestate = span.traceState?.serialize();
    return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}`, tracestate };
  } catch {
    return undefined; // foreign code must not break an error path
  }
}

/** Returns the span that a message names; undefined if it names none. */
export function spanContextOf(
  api: typeof OpenTelemetry,
  trace: TraceContext | undefined,
): OpenTelemetry.SpanContext | undefined {
  const parts = TRACEPARENT.exec(trace?.traceparent ?? "")?.groups;
  if (parts === undefined) return undefined;
  const { traceId = "", spanId = "", flags = "" } = parts;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    traceState: api.createTraceState(trace?.tracestate ?? ""),
    isRemote: true,
  };
}
