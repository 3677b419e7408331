package io.dlqservice.dlq;

/** What became of a send. Later versions may add one that means "kept". */
public enum SendStatus {
  /** The service has it. */
  SENT,
  /** The service has it as one more failure of an earlier message, or had it already. */
  JOINED,
  /** This machine has it, and delivers it when the service is back. */
  SPOOLED,
  /**
   * It is the message that the running handler works on: the failure is that delivery's outcome.
   */
  DELIVERY,
  /** Nobody has it, or nobody knows. */
  DROPPED
}
