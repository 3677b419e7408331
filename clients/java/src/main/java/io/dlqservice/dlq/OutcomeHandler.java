package io.dlqservice.dlq;

/** Processes one delivery and returns its outcome. Throwing reports a failure. */
@FunctionalInterface
public interface OutcomeHandler {
  /** Returns the outcome; null means success, or a release after the delivery is cancelled. */
  Outcome handle(Delivery delivery) throws Exception;
}
