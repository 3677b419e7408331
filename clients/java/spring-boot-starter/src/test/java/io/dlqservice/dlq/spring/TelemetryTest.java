package io.dlqservice.dlq.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.testing.FakeServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The health indicator, spans and metrics. */
class TelemetryTest {
  private FakeServer fake;
  private ApplicationContextRunner application;

  @BeforeEach
  void start() throws IOException {
    fake = FakeServer.start();
    application =
        new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(DlqAutoConfiguration.class))
            .withPropertyValues(
                "dlq.target=" + fake.target(), "dlq.timeout=10s", "dlq.spool.enabled=false");
  }

  @AfterEach
  void close() {
    fake.close();
  }

  @Test
  void theHealthIsThatOfTheService() {
    application.run(
        context -> {
          HealthIndicator indicator = context.getBean("dlqHealthIndicator", HealthIndicator.class);
          Health up = indicator.health();
          assertThat(up.getStatus()).isEqualTo(Status.UP);
          assertThat(up.getDetails()).containsOnlyKeys("responseTime");
          fake.goDown();
          Health down = indicator.health();
          assertThat(down.getStatus()).isEqualTo(Status.DOWN);
          assertThat(down.getDetails().get("error").toString())
              .contains(fake.target() + " does not answer");
        });
  }

  @Test
  void theHealthHasWhatWaitsInTheSpool() {
    application
        .withPropertyValues("dlq.spool.enabled=true")
        .run(
            context ->
                assertThat(context.getBean(HealthIndicator.class).health().getDetails())
                    .containsEntry("spooledMessages", 0)
                    .containsEntry("spooledBytes", 0L)
                    .containsEntry("oldestSpooledAge", "PT0S"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dlq", "defaults"})
  void theHealthCanBeDisabled(String name) {
    application
        .withPropertyValues("management.health." + name + ".enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
  }

  @Test
  void usesTheBeansOfTheApplication() {
    InMemorySpanExporter spans = InMemorySpanExporter.create();
    SdkTracerProvider tracers =
        SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build();
    application
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withBean(
            OpenTelemetry.class,
            () -> OpenTelemetrySdk.builder().setTracerProvider(tracers).build())
        .run(
            context -> {
              context.getBean(DlqClient.class).send("q", "x", null);
              MeterRegistry meters = context.getBean(MeterRegistry.class);
              assertThat(meters.get("dlq.client.sends").counter().count()).isEqualTo(1);
              assertThat(spans.getFinishedSpanItems())
                  .singleElement()
                  .satisfies(span -> assertThat(span.getName()).isEqualTo("send q"));
            });
  }

  @Test
  void needsNoneOfTheirLibraries() {
    application
        .withClassLoader(
            new FilteredClassLoader(
                "io.micrometer", "io.opentelemetry", "org.springframework.boot.actuate"))
        .run(context -> assertThat(context).hasSingleBean(DlqClient.class));
  }
}
