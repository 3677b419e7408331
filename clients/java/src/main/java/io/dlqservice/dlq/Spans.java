package io.dlqservice.dlq;

import java.util.List;

/** Makes the spans of sends and handlers, if OpenTelemetry's API is present. Never throws. */
final class Spans {
  private static final boolean HAS_API =
      TelemetryNames.isPresent("io.opentelemetry.api.OpenTelemetry");

  /** Null without the API. */
  private final OpenTelemetrySpans openTelemetry;

  Spans(TelemetryOptions options) {
    openTelemetry = HAS_API ? openTelemetry(options) : null;
  }

  private static OpenTelemetrySpans openTelemetry(TelemetryOptions options) {
    try {
      return new OpenTelemetrySpans(options);
    } catch (Throwable incompatible) {
      return null;
    }
  }

  /** Begins the span of a send, within the current one. Its context goes with the message. */
  OpenSpan<SendResult> send(String queue) {
    if (openTelemetry == null) return OpenSpan.none();
    try {
      return openTelemetry.send(queue);
    } catch (Throwable failed) {
      return OpenSpan.none();
    }
  }

  /**
   * Begins the span of a handler. It is the first of a new trace, because a retry may come hours
   * after the send, and links to the spans of the sends. Without a tracer that records, the span of
   * the send of a single delivery is current instead.
   */
  OpenSpan<List<Outcome>> handler(List<HeldDelivery> batch) {
    if (openTelemetry == null) return OpenSpan.none();
    try {
      return openTelemetry.handler(batch);
    } catch (Throwable failed) {
      return OpenSpan.none();
    }
  }
}
