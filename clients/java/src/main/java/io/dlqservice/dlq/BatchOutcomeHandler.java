package io.dlqservice.dlq;

import java.util.List;

/** Processes several deliveries at once and returns their outcomes. Throwing fails all. */
@FunctionalInterface
public interface BatchOutcomeHandler {
  /**
   * Returns the outcome of each delivery, in order; null in the list, or instead of it, means
   * success. All fail if there are more or fewer.
   *
   * @param deliveries at least one. The list cannot be changed
   */
  List<Outcome> handle(List<Delivery> deliveries) throws Exception;
}
