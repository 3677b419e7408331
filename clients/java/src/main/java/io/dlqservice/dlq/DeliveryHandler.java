package io.dlqservice.dlq;

/**
 * Processes one delivery. Returning reports success, throwing reports a failure. After the delivery
 * is cancelled, both release the message.
 */
@FunctionalInterface
public interface DeliveryHandler {
  void handle(Delivery delivery) throws Exception;
}
