package io.dlqservice.dlq;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Times of java.time as the wire has them. */
final class Times {
  /** The longest wait that the server takes of a worker. */
  private static final Duration MOST_WAIT = Duration.ofDays(30);

  private static final int NANOS_A_SECOND = 1_000_000_000;

  private Times() {}

  static com.google.protobuf.Duration to(Duration duration) {
    // Of negative durations java.time has positive nanoseconds, and protobuf negative ones.
    long seconds = duration.getSeconds();
    int nanos = duration.getNano();
    boolean isShifted = seconds < 0 && nanos > 0;
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(isShifted ? seconds + 1 : seconds)
        .setNanos(isShifted ? nanos - NANOS_A_SECOND : nanos)
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

  /** Of an outcome: the server would not count one whose wait it does not take. */
  static Duration takenWait(Duration wait) {
    if (wait.isNegative()) return Duration.ZERO;
    return wait.compareTo(MOST_WAIT) > 0 ? MOST_WAIT : wait;
  }
}
