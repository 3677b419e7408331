package io.dlqservice.dlq;

import java.util.concurrent.TimeUnit;

/** Limits a line that repeats with each try, such as a refused token, to one a minute. */
final class RepeatedLines {
  private static final long EVERY_MS = TimeUnit.MINUTES.toMillis(1);

  private String latest = "";
  private long repeatAtMs = Long.MIN_VALUE;

  /** Whether to log it now: it differs from the latest one, or a minute has passed. */
  synchronized boolean mayLog(String text, long nowMs) {
    if (text.equals(latest) && nowMs < repeatAtMs) return false;
    latest = text;
    repeatAtMs = nowMs + EVERY_MS;
    return true;
  }
}
