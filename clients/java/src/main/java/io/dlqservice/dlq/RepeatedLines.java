package io.dlqservice.dlq;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Limits lines that repeat with each try, such as a refused token, to one a minute each. */
final class RepeatedLines {
  private static final long EVERY_MS = TimeUnit.MINUTES.toMillis(1);

  /** More different lines within a minute are not logged. */
  private static final int MAX_LINES = 10;

  /** When each line may be logged again. */
  private final Map<String, Long> againAtMs = new HashMap<>();

  /** Whether to log it now: it was not logged in the last minute. */
  synchronized boolean mayLog(String text, long nowMs) {
    againAtMs.values().removeIf(atMs -> atMs <= nowMs);
    if (againAtMs.size() >= MAX_LINES) return false;
    return againAtMs.putIfAbsent(text, nowMs + EVERY_MS) == null;
  }
}
