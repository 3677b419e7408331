package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.Headers;
import io.dlqservice.dlq.v1.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** OpenTelemetry's current context, if the program has its API. */
final class Tracing {
  private static final boolean IS_AVAILABLE = isAvailable();
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
        TraceContext.newBuilder()
            .setTraceparent(parent)
            .setTracestate(Headers.fits(state, MAX_TRACESTATE_BYTES) ? state : "")
            .build());
  }

  private static boolean isAvailable() {
    try {
      Class.forName("io.opentelemetry.api.trace.Span", false, Tracing.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }

  /** The context of the current span. Never throws. */
  static Optional<TraceContext> current() {
    if (!IS_AVAILABLE) return Optional.empty();
    try {
      return OpenTelemetry.current();
    } catch (RuntimeException | LinkageError failed) {
      return Optional.empty(); // tracing must not break a send
    }
  }

  /** Makes a message's trace current in this thread, until it is closed. */
  static TraceScope within(TraceContext trace) {
    if (!IS_AVAILABLE || trace.getTraceparent().isEmpty()) return () -> {};
    try {
      return OpenTelemetry.within(trace);
    } catch (RuntimeException | LinkageError failed) {
      return () -> {};
    }
  }

  /** Ends the trace in this thread. */
  interface TraceScope extends AutoCloseable {
    @Override
    void close();
  }

  /** A class of its own: it is not loaded if the API is missing. */
  private static final class OpenTelemetry {
    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    static Optional<TraceContext> current() {
      if (!Span.current().getSpanContext().isValid()) return Optional.empty();
      Map<String, String> headers = new HashMap<>();
      W3C.inject(Context.current(), headers, Map::put);
      return context(headers.getOrDefault("traceparent", ""), headers.get("tracestate"));
    }

    /** The caller closes it. */
    @SuppressWarnings("MustBeClosedChecker")
    static TraceScope within(TraceContext trace) {
      Context context = W3C.extract(Context.current(), trace, new Getter());
      Scope scope = context.makeCurrent();
      return scope::close;
    }

    private static final class Getter implements TextMapGetter<TraceContext> {
      @Override
      public Iterable<String> keys(TraceContext trace) {
        return List.of("traceparent", "tracestate");
      }

      @Override
      public String get(TraceContext trace, String key) {
        if (trace == null) return null;
        String value = key.equals("traceparent") ? trace.getTraceparent() : trace.getTracestate();
        return value.isEmpty() ? null : value;
      }
    }
  }
}
