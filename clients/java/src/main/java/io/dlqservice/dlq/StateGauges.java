package io.dlqservice.dlq;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * The gauges of the state of clients. Those of one target share them, because Micrometer ignores a
 * second gauge of the same name and tags.
 */
final class StateGauges {
  private record Key(MeterRegistry registry, String target) {}

  private static final Map<Key, StateGauges> ALL = new HashMap<>();

  private final List<Supplier<ClientStatus>> clients = new CopyOnWriteArrayList<>();

  /** By name. Micrometer logs a warning about a gauge that it has already. */
  private final Map<String, Meter> gauges = new HashMap<>();

  private final Key key;

  private StateGauges(Key key) {
    this.key = key;
  }

  /** Begins to measure a client. */
  static synchronized void add(
      MeterRegistry registry, String target, Supplier<ClientStatus> client) {
    StateGauges own = ALL.computeIfAbsent(new Key(registry, target), StateGauges::new);
    own.clients.add(client);
    own.register(client.get().spool().isPresent());
  }

  static synchronized void remove(
      MeterRegistry registry, String target, Supplier<ClientStatus> client) {
    StateGauges own = ALL.get(new Key(registry, target));
    if (own == null) return;
    own.clients.remove(client);
    if (!own.clients.isEmpty()) return;
    ALL.remove(own.key);
    own.gauges.values().forEach(registry::remove);
  }

  private void register(boolean hasSpool) {
    gauge(
        "available",
        null,
        "0 while calls fail and sends go to the spool at once",
        () -> all(status -> status.isAvailable() ? 1 : 0).min().orElse(1));
    if (!hasSpool) return;
    gauge(
        "spool.messages", null, "Messages in the spool", () -> spools(SpoolUsage::messages).sum());
    gauge("spool.bytes", "bytes", "Bytes of the spool", () -> spools(SpoolUsage::bytes).sum());
    gauge(
        "spool.age",
        "seconds",
        "Age of the oldest message in the spool",
        () -> spools(usage -> usage.oldestAge().toNanos() / 1e9).max().orElse(0));
  }

  private void gauge(String name, String unit, String description, Supplier<Number> value) {
    if (gauges.containsKey(name)) return;
    Gauge gauge =
        Gauge.builder("dlq.client." + name, value)
            .baseUnit(unit)
            .description(description)
            .tag("dlq.target", key.target)
            .register(key.registry);
    gauges.put(name, gauge);
  }

  private DoubleStream all(ToDoubleFunction<ClientStatus> value) {
    return clients.stream().map(Supplier::get).mapToDouble(value);
  }

  private DoubleStream spools(ToDoubleFunction<SpoolUsage> value) {
    return clients.stream().flatMap(client -> client.get().spool().stream()).mapToDouble(value);
  }
}
