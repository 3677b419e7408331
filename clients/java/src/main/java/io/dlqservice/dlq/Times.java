package io.dlqservice.dlq;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Converts times of java.time and protobuf. */
final class Times {
  /** The server's limit for a delay in an outcome. */
  private static final Duration MAX_WAIT = Duration.ofDays(30);

  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private Times() {}

  static com.google.protobuf.Duration to(Duration duration) {
    // Negative durations have positive nanoseconds in java.time, and negative ones in protobuf.
    long seconds = duration.getSeconds();
    int nanos = duration.getNano();
    boolean isShifted = seconds < 0 && nanos > 0;
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(isShifted ? seconds + 1 : seconds)
        .setNanos(isShifted ? nanos - NANOS_PER_SECOND : nanos)
        .build();
  }

  static Timestamp to(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  static Duration from(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }

  static Instant from(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  static Optional<Instant> ifSet(boolean isSet, Timestamp timestamp) {
    return isSet ? Optional.of(from(timestamp)) : Optional.empty();
  }

  /** The server does not count an outcome with a delay beyond its limits. */
  static Duration clampWait(Duration wait) {
    if (wait.isNegative()) return Duration.ZERO;
    return wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
  }
}
