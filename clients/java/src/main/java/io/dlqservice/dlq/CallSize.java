package io.dlqservice.dlq;

/**
 * How much of the spool goes in one call: less where a link does not carry it in time, more again
 * where it does.
 */
final class CallSize {
  /** A larger letter goes alone. */
  private static final int LEAST_BYTES = 64 * 1024;

  private static final int MOST_BYTES = 3 * 1024 * 1024;

  /** A call that took longer would be too slow if it had twice as much. */
  private static final long QUICK_MS = 1_250;

  private int bytes = MOST_BYTES;

  int bytes() {
    return bytes;
  }

  void answered(long tookMs) {
    if (tookMs < QUICK_MS) bytes = Math.min(bytes * 2, MOST_BYTES);
  }

  /** It went out, and nobody answered. */
  void unanswered() {
    bytes = Math.max(bytes / 4, LEAST_BYTES);
  }
}
