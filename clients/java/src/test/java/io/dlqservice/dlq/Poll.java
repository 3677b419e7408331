package io.dlqservice.dlq;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what becomes so. */
final class Poll {
  private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private Poll() {}

  static void until(BooleanSupplier condition) {
    long endNs = System.nanoTime() + TIMEOUT_NS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > endNs) throw new AssertionError("it did not happen in time");
      LockSupport.parkNanos(TICK_NS);
    }
  }
}
