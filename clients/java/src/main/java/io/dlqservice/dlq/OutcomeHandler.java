package io.dlqservice.dlq;

/** Processes one delivery, and says what became of it. Throwing means failed. */
@FunctionalInterface
public interface OutcomeHandler {
  /** Gives what became of the delivery; null for succeeded, too. */
  Outcome handle(Delivery delivery) throws Exception;
}
