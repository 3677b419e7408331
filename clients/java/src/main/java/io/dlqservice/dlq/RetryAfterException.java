package io.dlqservice.dlq;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** Throw it if you know when to retry, for instance from {@code Retry-After}. */
public class RetryAfterException extends RuntimeException implements RetryHint {
  private static final long serialVersionUID = 1L;

  private final Duration delay;

  public RetryAfterException(String message, Duration delay) {
    this(message, delay, null);
  }

  public RetryAfterException(String message, Duration delay, Throwable cause) {
    super(message, cause);
    this.delay = Objects.requireNonNull(delay, "delay");
  }

  @Override
  public Optional<Duration> retryAfter() {
    return Optional.of(delay);
  }
}
