package io.dlqservice.dlq;

import java.time.Duration;

/** Rejects invalid options when they are set. */
final class Checks {
  private static final Duration MAX_CALL = Duration.ofMinutes(10);

  private Checks() {}

  static long atLeast(String name, long value, long least) {
    if (value >= least) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give " + least + " or more");
  }

  static int within(String name, int value, int least, int most) {
    if (value >= least && value <= most) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give " + least + " to " + most);
  }

  /** The server checks the rest of the name. */
  static String queue(String queue) {
    if (queue != null && !queue.isBlank()) return queue;
    throw new IllegalArgumentException(
        "queue is " + (queue == null ? null : "empty") + "; give its name");
  }

  /** Of a call: the server remembers request ids for 10 minutes. */
  static Duration callTimeout(String name, Duration value) {
    if (positive(name, value).compareTo(MAX_CALL) < 0 && value.toMillis() > 0) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give 1 ms to below 10 min");
  }

  static Duration positive(String name, Duration value) {
    if (!value.isNegative() && !value.isZero()) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give a duration above 0");
  }

  static Duration notNegative(String name, Duration value) {
    if (!value.isNegative()) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give 0 or more");
  }
}
