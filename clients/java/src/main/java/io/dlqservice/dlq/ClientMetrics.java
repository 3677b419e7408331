package io.dlqservice.dlq;

import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Counts the sends of a client, and has its metrics if Micrometer is present. May be used in any
 * thread. Never throws: registries are foreign code in an error path.
 */
final class ClientMetrics {
  private static final boolean HAS_MICROMETER =
      TelemetryNames.isPresent("io.micrometer.core.instrument.MeterRegistry");

  private final SendCounts sends = new SendCounts();

  /** Null without Micrometer. */
  private final MicrometerMetrics micrometer;

  /**
   * @param target of the client, the tag of the metrics of its state
   */
  ClientMetrics(TelemetryOptions options, String target, Supplier<ClientStatus> status) {
    micrometer = HAS_MICROMETER ? micrometer(options, target, status) : null;
  }

  private static MicrometerMetrics micrometer(
      TelemetryOptions options, String target, Supplier<ClientStatus> status) {
    try {
      return new MicrometerMetrics(options, target, status);
    } catch (Throwable incompatible) {
      return null;
    }
  }

  /** Begins to measure the client's state. */
  void start() {
    if (micrometer != null) guarded(micrometer::start);
  }

  /** Ends to measure the client's state. */
  void close() {
    if (micrometer != null) guarded(micrometer::close);
  }

  void sent(String queue, SendResult result) {
    sends.add(result.status());
    if (micrometer != null) guarded(() -> micrometer.sent(queue, result));
  }

  /**
   * @param duration how long the handler ran
   */
  void handled(String queue, Outcome outcome, Duration duration) {
    if (micrometer != null) guarded(() -> micrometer.handled(queue, outcome, duration));
  }

  /** The number of sends since the start, for each status. */
  Map<SendStatus, Long> sends() {
    return sends.all();
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (Throwable failed) {
      // a fault of the registry
    }
  }
}
