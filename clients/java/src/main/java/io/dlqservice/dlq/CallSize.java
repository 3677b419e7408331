package io.dlqservice.dlq;

/** How many bytes of the spool one call sends: fewer on a slow link, more again on a fast one. */
final class CallSize {
  /** A message above this size is sent alone. */
  private static final int MIN_BYTES = 64 * 1024;

  private static final int MAX_BYTES = 3 * 1024 * 1024;

  /** A call that took longer would be too slow with twice as many bytes. */
  private static final long QUICK_MS = 1_250;

  private int bytes = MAX_BYTES;

  int bytes() {
    return bytes;
  }

  void answered(long tookMs) {
    if (tookMs < QUICK_MS) bytes = Math.min(bytes * 2, MAX_BYTES);
  }

  /** The call was sent, and not answered in time. */
  void unanswered() {
    bytes = Math.max(bytes / 4, MIN_BYTES);
  }
}
