package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Discarded;
import io.dlqservice.dlq.v1.Failed;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Quarantined;
import io.dlqservice.dlq.v1.Released;
import io.dlqservice.dlq.v1.Succeeded;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** What a handler reports about a delivery. */
public final class Outcome {
  public enum Kind {
    SUCCEEDED,
    FAILED,
    RELEASED,
    QUARANTINED,
    DISCARDED
  }

  private static final int NOTE_BYTES = 1024;
  private static final Outcome SUCCEEDED =
      new Outcome(Kind.SUCCEEDED, message().setSucceeded(Succeeded.getDefaultInstance()), null);

  /** For 1 s or longer. */
  static final Outcome RELEASED = released(Released.getDefaultInstance());

  private final Kind kind;
  private final io.dlqservice.dlq.v1.Outcome message;

  /** Null if it is not failed, or failed without an error. */
  private final Throwable error;

  private Outcome(Kind kind, io.dlqservice.dlq.v1.Outcome.Builder message, Throwable error) {
    this.kind = kind;
    this.message = message.build();
    this.error = error;
  }

  private static io.dlqservice.dlq.v1.Outcome.Builder message() {
    return io.dlqservice.dlq.v1.Outcome.newBuilder();
  }

  /** The message was processed. The same as returning null. */
  public static Outcome succeeded() {
    return SUCCEEDED;
  }

  /** The attempt failed, as if {@code error} had been thrown. */
  public static Outcome failed(Throwable error) {
    return made(of(Objects.requireNonNull(error, "error")));
  }

  /** The attempt failed; the next one comes after {@code retryAfter} or later, at most 30 days. */
  public static Outcome failed(Throwable error, Duration retryAfter) {
    boolean isFinal = SendRequest.isNonRetryable(error);
    return made(failed(error, Failures.of(error), Optional.of(retryAfter), isFinal));
  }

  /** The attempt failed, and a retry cannot help: the message is quarantined. */
  public static Outcome failedForGood(Throwable error) {
    return made(failed(error, Failures.of(error), SendRequest.retryAfter(error), true));
  }

  /**
   * Returns a failure with a fingerprint, as that of {@link SendOptions.Builder#fingerprint a
   * send}. Other outcomes stay the same.
   */
  public Outcome withFingerprint(String fingerprint) {
    if (kind != Kind.FAILED) return this;
    io.dlqservice.dlq.v1.Outcome.Builder copy = message.toBuilder();
    copy.getFailedBuilder().getFailureBuilder().setFingerprint(Failures.fingerprint(fingerprint));
    return made(new Outcome(kind, copy, error));
  }

  /** As if {@code error} had been thrown. */
  static Outcome of(Throwable error) {
    return failed(
        error,
        Failures.of(error),
        SendRequest.retryAfter(error),
        SendRequest.isNonRetryable(error));
  }

  /**
   * @param error null for none
   */
  static Outcome failed(
      Throwable error, Failure failure, Optional<Duration> retryAfter, boolean nonRetryable) {
    Failed.Builder failed = Failed.newBuilder().setFailure(failure).setNonRetryable(nonRetryable);
    retryAfter.ifPresent(wait -> failed.setRetryAfter(Times.to(Times.clampWait(wait))));
    return new Outcome(Kind.FAILED, message().setFailed(failed), error);
  }

  /** Returns the message unprocessed, for 1 s or longer. No attempt is counted. */
  public static Outcome released() {
    return made(RELEASED);
  }

  /** Returns the message unprocessed for a time of at most 30 days. No attempt is counted. */
  public static Outcome released(Duration delay) {
    return made(released(Released.newBuilder().setDelay(Times.to(Times.clampWait(delay))).build()));
  }

  private static Outcome released(Released released) {
    return new Outcome(Kind.RELEASED, message().setReleased(released), null);
  }

  /** Quarantines the message, whatever its policy. */
  public static Outcome quarantined(String note) {
    Quarantined quarantined =
        Quarantined.newBuilder().setNote(Text.truncate(note, NOTE_BYTES)).build();
    return made(new Outcome(Kind.QUARANTINED, message().setQuarantined(quarantined), null));
  }

  /** Discards the message. */
  public static Outcome discarded(String note) {
    Discarded discarded = Discarded.newBuilder().setNote(Text.truncate(note, NOTE_BYTES)).build();
    return made(new Outcome(Kind.DISCARDED, message().setDiscarded(discarded), null));
  }

  /** Notes what a handler without a result would lose. */
  private static Outcome made(Outcome outcome) {
    CurrentDelivery.made(outcome);
    return outcome;
  }

  public Kind kind() {
    return kind;
  }

  Optional<Throwable> error() {
    return Optional.ofNullable(error);
  }

  /** The type of the failure; empty if there is none. */
  Optional<String> errorType() {
    String type = message.getFailed().getFailure().getType();
    return type.isEmpty() ? Optional.empty() : Optional.of(type);
  }

  @Override
  public String toString() {
    return kind.toString();
  }

  io.dlqservice.dlq.v1.Outcome message(String leaseToken) {
    return message.toBuilder().setLeaseToken(leaseToken).build();
  }

  int bytes() {
    return message.getSerializedSize();
  }
}
