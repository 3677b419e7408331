package io.dlqservice.dlq;

import java.time.Duration;
import java.util.Optional;

/**
 * An exception that decides about its retry. Implement it, or throw {@link RetryAfterException} or
 * {@link NonRetryableException}.
 */
public interface RetryHint {
  /** How long to wait until the next attempt, instead of the policy's delay. */
  default Optional<Duration> retryAfter() {
    return Optional.empty();
  }

  /** Whether a retry cannot help: the message is quarantined. */
  default boolean nonRetryable() {
    return false;
  }
}
