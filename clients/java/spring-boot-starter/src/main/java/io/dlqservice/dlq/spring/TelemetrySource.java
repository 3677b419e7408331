package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.TelemetryOptions;

/** Gives the client what the application has for spans or for metrics. */
@FunctionalInterface
interface TelemetrySource {
  void addTo(TelemetryOptions.Builder telemetry);
}
