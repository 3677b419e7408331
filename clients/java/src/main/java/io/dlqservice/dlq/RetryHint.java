package io.dlqservice.dlq;

import java.time.Duration;
import java.util.Optional;

/**
 * What an exception may say about trying again. Let your own exceptions implement it, or throw
 * {@link RetryAfterException} or {@link NonRetryableException}.
 */
public interface RetryHint {
  /** How long to wait; replaces the policy's delay. */
  default Optional<Duration> retryAfter() {
    return Optional.empty();
  }

  /** Whether trying again can't help: the message goes to quarantine. */
  default boolean nonRetryable() {
    return false;
  }
}
