package io.dlqservice.dlq;

/** Throw it if a retry cannot help: the message is quarantined. */
public class NonRetryableException extends RuntimeException implements RetryHint {
  private static final long serialVersionUID = 1L;

  public NonRetryableException(String message) {
    super(message);
  }

  public NonRetryableException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean nonRetryable() {
    return true;
  }
}
