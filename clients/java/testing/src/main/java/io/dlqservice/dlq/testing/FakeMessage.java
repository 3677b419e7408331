package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.Failure;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.Reason;
import io.dlqservice.dlq.TraceContext;
import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.Delivery;
import io.dlqservice.dlq.v1.Message;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** A message of a {@link FakeServer}. */
public final class FakeMessage {
  static final int DEFAULT_RETRIES = 3;

  final String id = UUID.randomUUID().toString();
  final Instant dueTime;
  String leaseToken = "";

  /** The worker session that holds it. */
  String sessionId = "";

  int attempts;

  private final SendToDlqRequest request;
  private final List<io.dlqservice.dlq.v1.Failure> failures = new ArrayList<>();
  private volatile MessageState state = MessageState.SCHEDULED;
  private int deliveries;

  FakeMessage(SendToDlqRequest request) {
    this.request = request;
    Instant now = Instant.now();
    if (request.hasDueTime()) {
      dueTime = Instant.ofEpochSecond(request.getDueTime().getSeconds());
    } else {
      dueTime = now.plusSeconds(request.getDelay().getSeconds());
    }
    Reason reason = FromProto.reason(request.getFailure().getReasonValue());
    if (reason == Reason.POISON_MESSAGE || reason == Reason.MAX_RETRIES_EXCEEDED) {
      state = MessageState.QUARANTINED;
    }
    addFailure(request.getFailure());
  }

  SendToDlqRequest request() {
    return request;
  }

  public MessageState state() {
    return state;
  }

  /** The failure of the send, then those of attempts and joined sends. */
  public List<Failure> failures() {
    synchronized (failures) {
      return failures.stream().map(FromProto::failure).toList();
    }
  }

  public String queue() {
    return request.getQueue();
  }

  /** The payload as text. */
  public String text() {
    return request.getPayload().hasData()
        ? request.getPayload().getData().toStringUtf8()
        : request.getPayload().getText();
  }

  /** The media type of the payload; empty without one. */
  public String contentType() {
    return request.getPayload().getContentType();
  }

  public Map<String, String> attributes() {
    return request.getAttributesMap();
  }

  /** The sender's identity of the message; empty without one. */
  public String sourceId() {
    return request.getSourceId();
  }

  public String orderingKey() {
    return request.getOrderingKey();
  }

  /** Empty if neither the send nor its error has given one. */
  public Optional<Duration> delay() {
    return request.hasDelay()
        ? Optional.of(
            Duration.ofSeconds(request.getDelay().getSeconds(), request.getDelay().getNanos()))
        : Optional.empty();
  }

  public OptionalInt maxRetries() {
    return request.hasMaxRetries() ? OptionalInt.of(request.getMaxRetries()) : OptionalInt.empty();
  }

  public Optional<TraceContext> traceContext() {
    return request.hasTraceContext()
        ? Optional.of(FromProto.traceContext(request.getTraceContext()))
        : Optional.empty();
  }

  /** The name of the sending service. */
  public String service() {
    return request.getOrigin().getService();
  }

  /** The instance of the sending service. */
  public String instance() {
    return request.getOrigin().getInstance();
  }

  /** Identity of the send in all its tries. */
  public String requestId() {
    return request.getRequestId();
  }

  void setState(MessageState state) {
    this.state = state;
  }

  void addFailure(io.dlqservice.dlq.v1.Failure failure) {
    synchronized (failures) {
      failures.add(failure);
    }
  }

  void fail(io.dlqservice.dlq.v1.Failure failure, boolean isForGood) {
    attempts++;
    addFailure(failure);
    int retries = request.hasMaxRetries() ? request.getMaxRetries() : DEFAULT_RETRIES;
    state = isForGood || attempts >= retries ? MessageState.QUARANTINED : MessageState.SCHEDULED;
  }

  Delivery handOut(String sessionId, Instant leaseExpireTime) {
    this.sessionId = sessionId;
    state = MessageState.IN_FLIGHT;
    deliveries++;
    leaseToken = UUID.randomUUID().toString();
    io.dlqservice.dlq.v1.Failure latest;
    int count;
    synchronized (failures) {
      count = failures.size();
      latest = failures.get(count - 1);
    }
    Message.Builder shown =
        Message.newBuilder()
            .setId(id)
            .setQueue(request.getQueue())
            .setPayload(request.getPayload())
            .putAllAttributes(request.getAttributesMap())
            .setFailure(latest)
            .setReason(FakeServer.reasonOf(latest))
            .setFailureCount(count)
            .setSourceId(request.getSourceId())
            .setDedupKey(request.getDedupKey())
            .setOrderingKey(request.getOrderingKey())
            .setPriority(request.getPriority())
            .setAttempts(attempts);
    if (request.hasTraceContext()) shown.setTraceContext(request.getTraceContext());
    return Delivery.newBuilder()
        .setMessage(shown)
        .setLeaseToken(leaseToken)
        .setLeaseExpireTime(FakeServer.timestamp(leaseExpireTime))
        .setAttempt(attempts + 1)
        .setDeliveryNumber(deliveries)
        .build();
  }
}
