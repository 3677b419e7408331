package io.dlqservice.dlq;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Processes several deliveries at once, asynchronously. They end when the stage does: with null for
 * success of all, an {@link Outcome} of all, or a {@link List} with the outcome of each;
 * exceptionally for a failure of all.
 */
@FunctionalInterface
public interface AsyncBatchHandler {
  /**
   * Must not return null. Throwing reports a failure of all.
   *
   * @param deliveries at least one. The list cannot be changed
   */
  CompletionStage<?> handle(List<Delivery> deliveries) throws Exception;
}
