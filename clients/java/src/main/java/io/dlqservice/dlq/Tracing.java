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

/** OpenTelemetry's current context, where the program has its API; nothing else needs it. */
final class Tracing {
  private static final boolean IS_THERE = isThere();
  private static final int MOST_TRACEPARENT_BYTES = 128;
  private static final int MOST_TRACESTATE_BYTES = 512;

  private Tracing() {}

  /**
   * Without what the service would refuse the whole message for: it is somebody else's, such as of
   * a header.
   *
   * @param tracestate null for none
   */
  static Optional<TraceContext> context(String traceparent, String tracestate) {
    String parent = Text.wellFormed(traceparent);
    if (parent.isEmpty() || !Headers.fits(parent, MOST_TRACEPARENT_BYTES)) return Optional.empty();
    String state = tracestate == null ? "" : Text.wellFormed(tracestate);
    return Optional.of(
        TraceContext.newBuilder()
            .setTraceparent(parent)
            .setTracestate(Headers.fits(state, MOST_TRACESTATE_BYTES) ? state : "")
            .build());
  }

  private static boolean isThere() {
    try {
      Class.forName("io.opentelemetry.api.trace.Span", false, Tracing.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }

  /** Of the span that is current here. Never throws. */
  static Optional<TraceContext> current() {
    if (!IS_THERE) return Optional.empty();
    try {
      return OpenTelemetry.current();
    } catch (RuntimeException | LinkageError notOurs) {
      return Optional.empty(); // somebody else's code, in an error path
    }
  }

  /** Makes the trace of a message the current one of this thread, until it is closed. */
  static Within within(TraceContext trace) {
    if (!IS_THERE || trace.getTraceparent().isEmpty()) return () -> {};
    try {
      return OpenTelemetry.within(trace);
    } catch (RuntimeException | LinkageError notOurs) {
      return () -> {};
    }
  }

  /** The end of what belongs to a trace. */
  interface Within extends AutoCloseable {
    @Override
    void close();
  }

  /** Its own class, so that nothing of it is loaded where the API is absent. */
  private static final class OpenTelemetry {
    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    static Optional<TraceContext> current() {
      if (!Span.current().getSpanContext().isValid()) return Optional.empty();
      Map<String, String> headers = new HashMap<>();
      W3C.inject(Context.current(), headers, Map::put);
      return context(headers.getOrDefault("traceparent", ""), headers.get("tracestate"));
    }

    /** Whoever called closes it. */
    @SuppressWarnings("MustBeClosedChecker")
    static Within within(TraceContext trace) {
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
