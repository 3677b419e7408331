package io.dlqservice.dlq;

/** Processes one delivery. Returning reports success, throwing reports a failure. */
@FunctionalInterface
public interface DeliveryHandler {
  void handle(Delivery delivery) throws Exception;
}
