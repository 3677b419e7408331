package io.dlqservice.dlq;

/** Processes one delivery. Returning means succeeded, throwing means failed. */
@FunctionalInterface
public interface DeliveryHandler {
  void handle(Delivery delivery) throws Exception;
}
