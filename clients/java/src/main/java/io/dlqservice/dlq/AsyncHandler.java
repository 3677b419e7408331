package io.dlqservice.dlq;

import java.util.concurrent.CompletionStage;

/**
 * Processes one delivery asynchronously. The delivery ends when the stage does: with null for
 * success, or with an {@link Outcome}; exceptionally for a failure.
 */
@FunctionalInterface
public interface AsyncHandler {
  /** Must not return null. Throwing reports a failure. */
  CompletionStage<?> handle(Delivery delivery) throws Exception;
}
