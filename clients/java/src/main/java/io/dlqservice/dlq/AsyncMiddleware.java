package io.dlqservice.dlq;

import java.util.concurrent.CompletionStage;

/** Runs around an {@link AsyncHandler}. */
@FunctionalInterface
public interface AsyncMiddleware {
  /**
   * Returns the stage with which the delivery ends. It must not complete before that of {@code
   * next}.
   *
   * @param next calls the handler or the next middleware
   */
  CompletionStage<?> handle(Delivery delivery, AsyncHandler next) throws Exception;
}
