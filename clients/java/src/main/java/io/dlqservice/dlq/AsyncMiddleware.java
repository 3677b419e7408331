package io.dlqservice.dlq;

import java.util.concurrent.CompletionStage;

/** Runs around an {@link AsyncHandler}. */
@FunctionalInterface
public interface AsyncMiddleware {
  /**
   * Returns the stage with which the delivery ends. If its result is null, that of the handler
   * stands; without a call of the handler, null is a failure.
   *
   * @param next calls the handler or the next middleware
   */
  CompletionStage<?> handle(Delivery delivery, AsyncHandler next) throws Exception;
}
