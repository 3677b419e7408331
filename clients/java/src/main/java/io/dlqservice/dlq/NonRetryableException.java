package io.dlqservice.dlq;

/** Throw it where trying again can't help: the message goes to quarantine. */
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
