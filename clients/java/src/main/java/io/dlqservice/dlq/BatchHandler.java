package io.dlqservice.dlq;

import java.util.List;

/**
 * Processes several deliveries at once. Returning reports success of all, throwing a failure of
 * all.
 */
@FunctionalInterface
public interface BatchHandler {
  /**
   * Processes the deliveries.
   *
   * @param deliveries at least one. The list cannot be changed
   */
  void handle(List<Delivery> deliveries) throws Exception;
}
