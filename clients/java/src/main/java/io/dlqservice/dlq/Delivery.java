package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Message;
import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.TraceContext;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One delivery of one message. */
public interface Delivery {
  /** The message as the service stores it. The most used fields have methods here. */
  Message message();

  MessagePayload payload();

  /** Number of this attempt, from 1. */
  int attempt();

  /** Counts all deliveries, also expired and released ones. */
  int deliveryNumber();

  /** Whether an earlier delivery ended without an outcome. Check whether its work took effect. */
  boolean outcomeUnknown();

  /** When the lease expires. The worker extends it while the handler runs. */
  Instant leaseExpireTime();

  /**
   * Completes when the lease is lost, or when a stopping worker no longer waits. The handler's
   * thread is interrupted then; that of a batch when all its deliveries are cancelled.
   */
  CompletableFuture<Void> cancelled();

  /** The service's id of the message. */
  default String id() {
    return message().getId();
  }

  default String queue() {
    return message().getQueue();
  }

  /** Headers of the message, as sent or as edited. */
  default Map<String, String> attributes() {
    return message().getAttributesMap();
  }

  /** Why the message failed most recently. */
  default Reason reason() {
    return message().getReason();
  }

  /** The most recent failure, if any. */
  default Optional<Failure> latestFailure() {
    return message().hasFailure() ? Optional.of(message().getFailure()) : Optional.empty();
  }

  /** The sender's identity of the message; empty without one. */
  default String sourceId() {
    return message().getSourceId();
  }

  default String orderingKey() {
    return message().getOrderingKey();
  }

  default Optional<TraceContext> traceContext() {
    return message().hasTraceContext()
        ? Optional.of(message().getTraceContext())
        : Optional.empty();
  }
}
