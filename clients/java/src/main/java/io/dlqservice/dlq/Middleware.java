package io.dlqservice.dlq;

/** Runs around a handler that returns nothing or an {@link Outcome}. */
@FunctionalInterface
public interface Middleware {
  /**
   * Returns the outcome, which takes the place of that of the handler; for null, that of the
   * handler stands, also if it has thrown. Throwing reports a failure, and so does null without a
   * call of the handler.
   *
   * @param next calls the handler or the next middleware. Returns its outcome, or null for success,
   *     and throws what it throws
   */
  Outcome handle(Delivery delivery, OutcomeHandler next) throws Exception;
}
