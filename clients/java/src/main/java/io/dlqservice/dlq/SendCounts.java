package io.dlqservice.dlq;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts the sends of a client by status. May be used in any thread. */
final class SendCounts {
  private final Map<SendStatus, LongAdder> counts = new EnumMap<>(SendStatus.class);

  SendCounts() {
    for (SendStatus status : SendStatus.values()) counts.put(status, new LongAdder());
  }

  void add(SendStatus status) {
    counts.get(status).increment();
  }

  /** Returns a copy, with zeros. */
  Map<SendStatus, Long> all() {
    Map<SendStatus, Long> all = new EnumMap<>(SendStatus.class);
    counts.forEach((status, count) -> all.put(status, count.sum()));
    return Collections.unmodifiableMap(all);
  }
}
