package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** Metrics of Micrometer. Loaded only if it is present. May throw what a registry throws. */
final class MicrometerMetrics {
  /** Those that OpenTelemetry's conventions give for durations. */
  private static final Duration[] BUCKETS =
      LongStream.of(5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  /** Registries need the same tags for all meters of a name. */
  private static final String NO_ERROR = "none";

  private final MeterRegistry registry;
  private final String target;
  private final Supplier<ClientStatus> status;

  MicrometerMetrics(TelemetryOptions options, String target, Supplier<ClientStatus> status) {
    registry = options.meterRegistry == null ? Metrics.globalRegistry : options.meterRegistry;
    this.target = target;
    this.status = status;
  }

  void start() {
    StateGauges.add(registry, target, status);
  }

  void close() {
    StateGauges.remove(registry, target, status);
  }

  void sent(String queue, SendResult result) {
    if (isUnused()) return;
    String error = result instanceof Dropped dropped ? dropped.error().kind().toString() : NO_ERROR;
    Counter.builder("dlq.client.sends")
        .description("Sends, by their status")
        .tags(tagsOf(TelemetryNames.SEND, queue))
        .tag(TelemetryNames.STATUS, TelemetryNames.valueOf(result.status()))
        .tag(TelemetryNames.ERROR_TYPE, error)
        .register(registry)
        .increment();
  }

  void handled(String queue, Outcome outcome, Duration duration) {
    if (isUnused()) return;
    Optional<String> error = outcome.errorType();
    Timer.builder("messaging.process.duration")
        .description("How long handlers ran")
        .serviceLevelObjectives(BUCKETS)
        .tags(tagsOf(TelemetryNames.PROCESS, queue))
        .tag(TelemetryNames.OUTCOME, TelemetryNames.valueOf(outcome.kind()))
        .tag(TelemetryNames.ERROR_TYPE, error.orElse(NO_ERROR))
        .register(registry)
        .record(duration);
  }

  /** A program without a registry must not pay for it. */
  private boolean isUnused() {
    return registry == Metrics.globalRegistry && Metrics.globalRegistry.getRegistries().isEmpty();
  }

  private static Tags tagsOf(String operation, String queue) {
    return Tags.of(
        TelemetryNames.SYSTEM,
        TelemetryNames.SYSTEM_NAME,
        TelemetryNames.OPERATION,
        operation,
        TelemetryNames.QUEUE,
        queue);
  }
}
