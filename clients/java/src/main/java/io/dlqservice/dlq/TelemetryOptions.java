package io.dlqservice.dlq;

import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;

/**
 * Where the spans and metrics of a client go. Default: the global ones of OpenTelemetry and of
 * Micrometer, if their libraries are present.
 */
public final class TelemetryOptions {
  /** Null for the global one. */
  final OpenTelemetry openTelemetry;

  /** Null for the global one. */
  final MeterRegistry meterRegistry;

  private TelemetryOptions(Builder builder) {
    openTelemetry = builder.openTelemetry;
    meterRegistry = builder.meterRegistry;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link TelemetryOptions}. */
  public static final class Builder {
    private OpenTelemetry openTelemetry;
    private MeterRegistry meterRegistry;

    private Builder() {}

    /**
     * Where the spans of sends and handlers go; {@code OpenTelemetry.noop()} for none. Default:
     * {@code GlobalOpenTelemetry}, whenever it is set. The client never sets it.
     */
    public Builder openTelemetry(OpenTelemetry openTelemetry) {
      this.openTelemetry = openTelemetry;
      return this;
    }

    /**
     * Where the metrics go. Default: {@code Metrics.globalRegistry}. The tag {@code error.type} is
     * {@code none} without an error, because registries need the same tags for all.
     */
    public Builder meterRegistry(MeterRegistry meterRegistry) {
      this.meterRegistry = meterRegistry;
      return this;
    }

    public TelemetryOptions build() {
      return new TelemetryOptions(this);
    }
  }
}
