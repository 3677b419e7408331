package io.dlqservice.dlq;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Pauses that double with each failure in a row. They are random, so that clients that failed
 * together retry apart.
 */
final class Backoff {
  private static final int MAX_DOUBLINGS = 30;

  private final long firstMs;
  private final long maxMs;
  private int failures;

  Backoff(long firstMs, long maxMs) {
    this.firstMs = firstMs;
    this.maxMs = maxMs;
  }

  /** Counts one more failure, and returns half to all of the doubled pause. */
  long nextMs() {
    long fullMs = Math.min(maxMs, firstMs << Math.min(failures++, MAX_DOUBLINGS));
    return fullMs / 2 + ThreadLocalRandom.current().nextLong(fullMs / 2 + 1);
  }

  void reset() {
    failures = 0;
  }
}
