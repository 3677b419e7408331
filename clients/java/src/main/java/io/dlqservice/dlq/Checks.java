package io.dlqservice.dlq;

import java.time.Duration;

/** Rejects invalid options when they are set. */
final class Checks {
  private Checks() {}

  static long atLeast(String name, long value, long least) {
    if (value >= least) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give " + least + " or more");
  }

  static long atMost(String name, long value, long most) {
    if (value <= most) return value;
    throw new IllegalArgumentException(name + " is " + value + "; give " + most + " or less");
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
