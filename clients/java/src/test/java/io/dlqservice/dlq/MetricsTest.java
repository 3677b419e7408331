package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics of a client in Micrometer. */
class MetricsTest extends WithFakeServer {
  private static final SendOptions SOON =
      SendOptions.builder().timeout(Duration.ofMillis(50)).build();

  private final MeterRegistry registry = new SimpleMeterRegistry();

  private DlqClientBuilder builder(MeterRegistry registry) {
    return builder()
        .onDropped((error, queue) -> {})
        .telemetry(TelemetryOptions.builder().meterRegistry(registry).build());
  }

  private double sends(String status, String error) {
    return registry
        .get("dlq.client.sends")
        .tags("messaging.system", "dlq", "messaging.operation.name", "send")
        .tags("messaging.destination.name", "q", "dlq.status", status, "error.type", error)
        .counter()
        .count();
  }

  private double gauge(String name) {
    Gauge gauge = registry.get("dlq.client." + name).tags("dlq.target", fake.target()).gauge();
    return gauge.value();
  }

  private Timer handlers(String outcome, String error) {
    return registry
        .find("messaging.process.duration")
        .tags("messaging.system", "dlq", "messaging.operation.name", "process")
        .tags("messaging.destination.name", "q", "dlq.outcome", outcome, "error.type", error)
        .timer();
  }

  @Test
  void sendsAndHandlersHaveMetrics() throws Exception {
    try (DlqClient dlq = builder(registry).build()) {
      dlq.send("q", "x", null);
      dlq.worker("q")
          .onError((error, delivery) -> {})
          .start(
              delivery -> {
                if (delivery.attempt() == 1) throw new IllegalStateException("no stock");
              });
      fake.await("q", MessageState.SUCCEEDED, 1);
      assertEquals(1, sends("sent", "none"));
      assertEquals(1, handlers("failed", IllegalStateException.class.getName()).count());
      Timer succeeded = handlers("succeeded", "none");
      assertEquals(1, succeeded.count());
      assertEquals(14, succeeded.takeSnapshot().histogramCounts().length);
      assertEquals(1, gauge("available"));
      fake.goDown();
      for (int n = 0; n < 3; n++) dlq.send("q", "y", null, SOON);
      assertEquals(3, sends("dropped", "deadline"));
      Poll.until(() -> gauge("available") == 0);
    }
    assertNull(registry.find("dlq.client.available").gauge());
  }

  @Test
  void theSpoolHasMetrics(@TempDir Path folder) {
    fake.goDown();
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    try (DlqClient dlq = builder(registry).spool(spool).build()) {
      assertEquals(0, gauge("spool.messages"));
      dlq.send("q", "x", null, SOON);
      assertEquals(1, gauge("spool.messages"));
      assertTrue(gauge("spool.bytes") > 50);
      double seconds = gauge("spool.age");
      assertTrue(seconds >= 0 && seconds < 60, seconds + " s");
    }
    assertEquals(List.of(), registry.getMeters().stream().filter(this::isGauge).toList());
  }

  private boolean isGauge(Meter meter) {
    return meter.getId().getType() == Meter.Type.GAUGE;
  }

  @Test
  void clientsOfOneTargetShareTheirGauges() {
    DlqClient first = builder(registry).build();
    try (DlqClient second = builder(registry).build()) {
      first.close();
      assertEquals(1, gauge("available"));
    }
    assertNull(registry.find("dlq.client.available").gauge());
  }

  @Test
  void theGlobalRegistryIsTheDefault() {
    Metrics.addRegistry(registry);
    try (DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      dlq.send("q", "x", null);
      assertEquals(1, sends("sent", "none"));
      assertEquals(1, gauge("available"));
    } finally {
      Metrics.removeRegistry(registry);
    }
  }

  @Test
  void aRegistryThatFailsCostsNothing() throws Exception {
    MeterRegistry broken = new SimpleMeterRegistry();
    broken
        .config()
        .meterFilter(
            new MeterFilter() {
              @Override
              public MeterFilterReply accept(Meter.Id id) {
                throw new AssertionError("the registry is broken");
              }
            });
    try (DlqClient dlq = builder(broken).build()) {
      assertEquals(SendStatus.SENT, dlq.send("q", "x", null).status());
      dlq.worker("q").start(delivery -> {});
      assertNotNull(fake.await("q", MessageState.SUCCEEDED, 1));
      assertEquals(1, dlq.status().sends().get(SendStatus.SENT));
    }
  }
}
