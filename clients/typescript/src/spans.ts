// Spans of sends and handlers, by OpenTelemetry's conventions for messaging. Without its API, or without a
// tracer that records, there are none.

import type * as OpenTelemetry from "@opentelemetry/api";
import { openTelemetry, queueAttributes, SCOPE } from "./otel.ts";
import type { SendResult } from "./send-result.ts";
import { spanContextOf } from "./tracing.ts";
import type { HeldDelivery } from "./worker/delivery.ts";
import { errorTypeOf, type Outcome } from "./worker/outcome.ts";

type Api = typeof OpenTelemetry;

/** Runs a send within its span, whose context goes with the message. */
export function withinSendSpan(
  queue: string,
  send: () => Promise<SendResult>,
): Promise<SendResult> {
  const api = openTelemetry();
  if (api === null) return send();
  const span = recordingSpan(api, (tracer) =>
    tracer.startSpan(`send ${queue}`, {
      kind: api.SpanKind.PRODUCER,
      attributes: { ...queueAttributes("send", queue), "messaging.operation.type": "send" },
    }),
  );
  if (span === undefined) return send();
  const result = within(api, (context) => api.trace.setSpan(context, span), send);
  result
    .then((sent) => {
      span.setAttribute("dlq.status", sent.status);
      if ("id" in sent) span.setAttribute("messaging.message.id", sent.id);
      if (sent.status === "dropped") setError(api, span, sent.error.kind, sent.error.message);
      span.end();
    })
    .catch(() => {}); // the tracer's error
  return result;
}

/**
 * Runs a handler within its span. It is the first of a new trace, because a retry may come hours after the
 * send, and links to the spans of the sends. Without a tracer that records, the span of the send of a single
 * delivery is active.
 */
export function withinHandlerSpan(
  batch: readonly HeldDelivery[],
  handle: () => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  const api = openTelemetry();
  const [first] = batch;
  if (api === null || first === undefined) return handle();
  const { trace } = api;
  const origins = () => batch.flatMap(({ traceContext }) => spanContextOf(api, traceContext) ?? []);
  const span = recordingSpan(api, (tracer) =>
    tracer.startSpan(`process ${first.queue}`, {
      root: true,
      kind: api.SpanKind.CONSUMER,
      links: origins().map((origin) => ({ context: origin })),
      attributes: {
        ...queueAttributes("process", first.queue),
        "messaging.operation.type": "process",
        ...(batch.length === 1
          ? { "messaging.message.id": first.id, "dlq.attempt": first.attempt }
          : { "messaging.batch.message_count": batch.length }),
      },
    }),
  );
  if (span === undefined) {
    const [origin] = batch.length === 1 && first.traceContext !== undefined ? origins() : [];
    if (origin === undefined) return handle();
    return within(api, (context) => trace.setSpanContext(context, origin), handle);
  }
  const handled = within(api, (context) => trace.setSpan(context, span), handle);
  handled
    .then((outcomes) => {
      const kinds = new Set(outcomes.map(({ kind }) => kind));
      span.setAttribute("dlq.outcome", [...kinds].join(","));
      const failed = outcomes.find(({ kind }) => kind === "failed");
      const errorType = failed && errorTypeOf(failed);
      if (failed?.error instanceof Error) span.recordException(failed.error);
      if (errorType !== undefined) setError(api, span, errorType, undefined);
      span.end();
    })
    .catch(() => {}); // the tracer's error
  return handled;
}

/** Runs work once, within a changed context if the context manager does not fail. */
function within<Result>(
  api: Api,
  change: (context: OpenTelemetry.Context) => OpenTelemetry.Context,
  work: () => Promise<Result>,
): Promise<Result> {
  let running: Promise<Result> | undefined;
  const once = () => {
    running ??= work();
    return running;
  };
  try {
    return api.context.with(change(api.context.active()), once);
  } catch {
    return once();
  }
}

/** Undefined without a tracer that records, or if it fails: no message may be lost by it. */
function recordingSpan(
  { trace }: Api,
  start: (tracer: OpenTelemetry.Tracer) => OpenTelemetry.Span,
): OpenTelemetry.Span | undefined {
  try {
    const provider: DelegatingProvider = trace.getTracerProvider();
    const isSetUp =
      provider.getDelegateTracer === undefined || provider.getDelegateTracer(SCOPE) !== undefined;
    // Without a tracer a span would cost time for nothing.
    if (!isSetUp) return undefined;
    const span = start(trace.getTracer(SCOPE));
    return span.isRecording() ? span : undefined;
  } catch {
    return undefined;
  }
}

/** What the API has until the program sets up a provider. */
interface DelegatingProvider extends OpenTelemetry.TracerProvider {
  getDelegateTracer?(name: string): OpenTelemetry.Tracer | undefined;
}

function setError(
  api: Api,
  span: OpenTelemetry.Span,
  type: string,
  message: string | undefined,
): void {
  span.setAttribute("error.type", type);
  const code = api.SpanStatusCode.ERROR;
  span.setStatus(message === undefined ? { code } : { code, message });
}
