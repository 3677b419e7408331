// OpenTelemetry's current context, where the program has it; nothing else needs it.

import { createRequire } from "node:module";
import type * as OpenTelemetry from "@opentelemetry/api";
import type { TraceContext } from "../../../gen/dlq/v1/message_pb.ts";
import type { TraceContextOptions } from "./send-options.ts";

const TRACEPARENT =
  /^[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})/;

let found: typeof OpenTelemetry | null | undefined;

/** What the program has installed; looked for once. */
function openTelemetry(): typeof OpenTelemetry | null {
  if (found !== undefined) return found;
  try {
    found = createRequire(import.meta.url)("@opentelemetry/api") as typeof OpenTelemetry;
  } catch {
    found = null;
  }
  return found;
}

/** Of the span that is active here; undefined where there is none. Never throws. */
export function currentTraceContext(): TraceContextOptions | undefined {
  try {
    const api = openTelemetry();
    const span = api?.trace.getActiveSpan()?.spanContext();
    if (api === null || span === undefined || !api.isSpanContextValid(span)) return undefined;
    const flags = span.traceFlags.toString(16).padStart(2, "0");
    const tracestate = span.traceState?.serialize();
    return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}`, tracestate };
  } catch {
    return undefined; // somebody else's code, in an error path
  }
}

/** Calls `run` within the trace of a message: what it does there belongs to it. */
export function withinTrace<Result>(trace: TraceContext | undefined, run: () => Result): Result {
  const api = trace === undefined ? null : openTelemetry();
  const parts = TRACEPARENT.exec(trace?.traceparent ?? "")?.groups;
  if (api === null || parts === undefined) return run();
  const { traceId = "", spanId = "", flags = "" } = parts;
  const span: OpenTelemetry.SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    traceState: api.createTraceState(trace?.tracestate ?? ""),
    isRemote: true,
  };
  const { context } = api;
  return context.with(api.trace.setSpanContext(context.active(), span), run);
}
