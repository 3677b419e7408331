package io.dlqservice.dlq;

/** The result of a send. Later versions may add statuses that mean "kept". */
public enum SendStatus {
  /** The service has the message. */
  SENT,
  /** The message joined an earlier one, or the service had it already. */
  JOINED,
  /** This machine keeps the message, and sends it when the service is back. */
  SPOOLED,
  /** The message is that of the running handler: the failure is the delivery's outcome. */
  DELIVERY,
  /** The message was dropped. The service may still have it. */
  DROPPED
}
