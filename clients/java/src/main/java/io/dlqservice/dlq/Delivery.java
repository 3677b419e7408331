package io.dlqservice.dlq;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One delivery of one message. Its outcome waits for what its handler sends of it, for instance to
 * another queue, and is a failure if that is dropped. It does not wait for a send that a task makes
 * after the end of the handler: wait in the handler for such tasks.
 */
public interface Delivery {
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
  String id();

  String queue();

  /** Headers of the message, as sent or as edited. */
  Map<String, String> attributes();

  /** Why the message failed most recently. */
  Reason reason();

  /** The most recent failure, if any. */
  Optional<Failure> latestFailure();

  /** The sender's identity of the message; empty without one. */
  String sourceId();

  String orderingKey();

  /** Where the message is in the sender's system: topic, partition, offset. */
  Map<String, String> coordinates();

  Optional<TraceContext> traceContext();
}
