package io.dlqservice.dlq;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits until a condition holds. */
final class Poll {
  private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private Poll() {}

  static void until(BooleanSupplier condition) {
    long endNs = System.nanoTime() + TIMEOUT_NS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > endNs)
        throw new AssertionError("the condition did not hold within 20 s");
      LockSupport.parkNanos(TICK_NS);
    }
  }
}
