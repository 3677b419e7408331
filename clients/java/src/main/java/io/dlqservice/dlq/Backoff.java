package io.dlqservice.dlq;

import java.util.concurrent.ThreadLocalRandom;

/** Waits that grow with each failure in a row, and differ between clients that failed together. */
final class Backoff {
  private static final int MOST_DOUBLINGS = 30;

  private final long firstMs;
  private final long mostMs;
  private int failures;

  Backoff(long firstMs, long mostMs) {
    this.firstMs = firstMs;
    this.mostMs = mostMs;
  }

  /** How long to wait after one more failure: half to all of what has doubled with each. */
  long nextMs() {
    long fullMs = Math.min(mostMs, firstMs << Math.min(failures++, MOST_DOUBLINGS));
    return fullMs / 2 + ThreadLocalRandom.current().nextLong(fullMs / 2 + 1);
  }

  /** It worked. */
  void reset() {
    failures = 0;
  }
}
