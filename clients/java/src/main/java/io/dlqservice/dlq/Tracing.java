package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.Headers;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** OpenTelemetry's current context, if the program has its API. */
final class Tracing {
  private static final boolean IS_AVAILABLE =
      TelemetryNames.isPresent("io.opentelemetry.api.trace.Span");
  private static final int MAX_TRACEPARENT_BYTES = 128;
  private static final int MAX_TRACESTATE_BYTES = 512;

  private Tracing() {}

  /**
   * Leaves out what is too long: the service would refuse the whole message.
   *
   * @param tracestate null for none
   */
  static Optional<TraceContext> context(String traceparent, String tracestate) {
    String parent = Text.wellFormed(traceparent);
    if (parent.isEmpty() || !Headers.fits(parent, MAX_TRACEPARENT_BYTES)) return Optional.empty();
    String state = tracestate == null ? "" : Text.wellFormed(tracestate);
    return Optional.of(
        new TraceContext(parent, Headers.fits(state, MAX_TRACESTATE_BYTES) ? state : ""));
  }

  /** The context of the current span. Never throws. */
  static Optional<TraceContext> current() {
    if (!IS_AVAILABLE) return Optional.empty();
    try {
      return OpenTelemetry.current();
    } catch (Throwable failed) {
      return Optional.empty(); // tracing must not break a send
    }
  }

  /** A class of its own: it is not loaded if the API is missing. */
  private static final class OpenTelemetry {
    static Optional<TraceContext> current() {
      if (!Span.current().getSpanContext().isValid()) return Optional.empty();
      Map<String, String> headers = new HashMap<>();
      W3CTraceContextPropagator.getInstance().inject(Context.current(), headers, Map::put);
      return context(headers.getOrDefault("traceparent", ""), headers.get("tracestate"));
    }
  }
}
