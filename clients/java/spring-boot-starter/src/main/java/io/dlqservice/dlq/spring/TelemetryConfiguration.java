package io.dlqservice.dlq.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Uses the application's beans for spans and metrics. Without them, the global ones are used. */
@Configuration(proxyBeanMethods = false)
class TelemetryConfiguration {
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterRegistry.class)
  static class Meters {
    @Bean
    TelemetrySource dlqMeterRegistry(ObjectProvider<MeterRegistry> registry) {
      return telemetry -> registry.ifUnique(telemetry::meterRegistry);
    }
  }

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(OpenTelemetry.class)
  static class Spans {
    @Bean
    TelemetrySource dlqOpenTelemetry(ObjectProvider<OpenTelemetry> openTelemetry) {
      return telemetry -> openTelemetry.ifUnique(telemetry::openTelemetry);
    }
  }
}
