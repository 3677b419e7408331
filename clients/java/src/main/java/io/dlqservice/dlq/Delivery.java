package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Message;
import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.TraceContext;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One hand-out of one message, as a handler sees it. */
public interface Delivery {
  /** The message as the service has it; what is used most has methods of its own here. */
  Message message();

  MessagePayload payload();

  /** 1 for the first. */
  int attempt();

  /** Counts every hand-out, lost and released ones too. */
  int deliveryNumber();

  /** An earlier delivery ended without an outcome: check whether its work has taken effect. */
  boolean outcomeUnknown();

  /** When the server would take it back; moves on while the worker extends the lease. */
  Instant leaseExpireTime();

  /**
   * Completes when the lease is lost, or when a stopping worker waits no longer. The handler's
   * thread is interrupted then, too.
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

  /** Why it failed most recently. */
  default Reason reason() {
    return message().getReason();
  }

  /** The most recent failure, if one was reported. */
  default Optional<Failure> latestFailure() {
    return message().hasFailure() ? Optional.of(message().getFailure()) : Optional.empty();
  }

  /** The sender's own identity of the message; empty if it has none. */
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
