package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.SendResult.Stored;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Spans of OpenTelemetry. Loaded only if its API is present. May throw what a tracer throws. */
final class OpenTelemetrySpans {
  private static final boolean HAS_IS_SET = hasIsSet();

  /** Null for the global one. */
  private final OpenTelemetry given;

  OpenTelemetrySpans(TelemetryOptions options) {
    given = options.openTelemetry;
  }

  /** False before version 1.57 of the API. */
  private static boolean hasIsSet() {
    try {
      GlobalOpenTelemetry.class.getMethod("isSet");
      return true;
    } catch (NoSuchMethodException older) {
      return false;
    }
  }

  /**
   * Does not call GlobalOpenTelemetry.get() before it is set: the program could not set it then.
   */
  private Optional<OpenTelemetry> openTelemetry() {
    if (given != null) return Optional.of(given);
    boolean isSet = HAS_IS_SET && GlobalOpenTelemetry.isSet();
    return isSet ? Optional.of(GlobalOpenTelemetry.get()) : Optional.empty();
  }

  private Optional<SpanBuilder> builder(String operation, String queue, SpanKind kind) {
    return openTelemetry()
        .map(
            found ->
                found
                    .getTracer(TelemetryNames.SCOPE)
                    .spanBuilder(operation + " " + queue)
                    .setSpanKind(kind)
                    .setAttribute(TelemetryNames.SYSTEM, TelemetryNames.SYSTEM_NAME)
                    .setAttribute(TelemetryNames.OPERATION, operation)
                    .setAttribute("messaging.operation.type", operation)
                    .setAttribute(TelemetryNames.QUEUE, queue));
  }

  OpenSpan<SendResult> send(String queue) {
    return builder(TelemetryNames.SEND, queue, SpanKind.PRODUCER)
        .map(SpanBuilder::startSpan)
        .filter(Span::isRecording)
        .<OpenSpan<SendResult>>map(SendSpan::new)
        .orElseGet(OpenSpan::none);
  }

  OpenSpan<List<Outcome>> handler(List<HeldDelivery> batch) {
    Optional<Span> span = Optional.empty();
    try {
      span = startHandler(batch).filter(Span::isRecording);
    } catch (Throwable failed) {
      // as without a tracer
    }
    if (span.isPresent()) return new HandlerSpan(span.get());
    Optional<TraceContext> origin = batch.get(0).traceContext();
    return batch.size() == 1 && origin.isPresent() ? new OriginOnly(origin.get()) : OpenSpan.none();
  }

  private Optional<Span> startHandler(List<HeldDelivery> batch) {
    HeldDelivery first = batch.get(0);
    return builder(TelemetryNames.PROCESS, first.queue(), SpanKind.CONSUMER)
        .map(
            builder -> {
              builder.setNoParent();
              batch.forEach(held -> held.traceContext().ifPresent(trace -> link(builder, trace)));
              if (batch.size() == 1) {
                builder.setAttribute("messaging.message.id", first.id());
                builder.setAttribute("dlq.attempt", first.attempt());
              } else {
                builder.setAttribute("messaging.batch.message_count", batch.size());
              }
              return builder.startSpan();
            });
  }

  private static void link(SpanBuilder builder, TraceContext trace) {
    SpanContext origin = Span.fromContext(within(trace, Context.root())).getSpanContext();
    if (origin.isValid()) builder.addLink(origin);
  }

  private static Context within(TraceContext trace, Context base) {
    return W3CTraceContextPropagator.getInstance().extract(base, trace, Getter.ONLY);
  }

  /** A span that is recorded. */
  private abstract static class Recorded<R> extends OpenSpan<R> {
    final Span span;

    Recorded(Span span) {
      this.span = span;
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // the caller closes it
    protected Active tryActivate() {
      return span.makeCurrent()::close;
    }
  }

  private static final class SendSpan extends Recorded<SendResult> {
    SendSpan(Span span) {
      super(span);
    }

    @Override
    protected void tryEnd(SendResult result) {
      try {
        span.setAttribute(TelemetryNames.STATUS, TelemetryNames.valueOf(result.status()));
        if (result instanceof Stored stored) setId(stored.id());
        if (result instanceof FailedDelivery delivery) setId(delivery.id());
        if (result instanceof Dropped dropped) {
          span.setAttribute(TelemetryNames.ERROR_TYPE, dropped.error().kind().toString());
          span.setStatus(StatusCode.ERROR, dropped.error().getMessage());
        }
      } finally {
        span.end();
      }
    }

    private void setId(String id) {
      if (!id.isEmpty()) span.setAttribute("messaging.message.id", id);
    }
  }

  private static final class HandlerSpan extends Recorded<List<Outcome>> {
    HandlerSpan(Span span) {
      super(span);
    }

    @Override
    protected void tryEnd(List<Outcome> outcomes) {
      try {
        span.setAttribute(
            TelemetryNames.OUTCOME,
            outcomes.stream()
                .map(outcome -> TelemetryNames.valueOf(outcome.kind()))
                .distinct()
                .collect(Collectors.joining(",")));
        outcomes.stream()
            .filter(outcome -> outcome.kind() == Outcome.Kind.FAILED)
            .findFirst()
            .ifPresent(this::setFailed);
      } finally {
        span.end();
      }
    }

    private void setFailed(Outcome failed) {
      span.setStatus(StatusCode.ERROR);
      failed.errorType().ifPresent(type -> span.setAttribute(TelemetryNames.ERROR_TYPE, type));
      failed.error().ifPresent(span::recordException); // last: the error's own methods may throw
    }
  }

  /** Continues the trace of the send. */
  private static final class OriginOnly extends OpenSpan<List<Outcome>> {
    private final TraceContext origin;

    OriginOnly(TraceContext origin) {
      this.origin = origin;
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // the caller closes it
    protected Active tryActivate() {
      return within(origin, Context.current()).makeCurrent()::close;
    }

    @Override
    protected void tryEnd(List<Outcome> outcomes) {}
  }

  private enum Getter implements TextMapGetter<TraceContext> {
    ONLY;

    @Override
    public Iterable<String> keys(TraceContext trace) {
      return List.of("traceparent", "tracestate");
    }

    @Override
    public String get(TraceContext trace, String key) {
      if (trace == null) return null;
      String value = key.equals("traceparent") ? trace.traceparent() : trace.tracestate();
      return value.isEmpty() ? null : value;
    }
  }
}
