package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.Failure;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.Reason;
import io.dlqservice.dlq.TraceContext;
import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.Delivery;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.Message;
import io.dlqservice.dlq.v1.Outcome;
import io.dlqservice.dlq.v1.QuarantineReason;
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

  final String id = newId();
  final Instant dueTime;
  String leaseToken = "";

  /** The worker session that holds it. */
  String sessionId = "";

  int attempts;

  private final SendToDlqRequest request;
  private final List<io.dlqservice.dlq.v1.Failure> failures = new ArrayList<>();
  private volatile MessageState state = MessageState.SCHEDULED;
  private QuarantineReason quarantineReason = QuarantineReason.QUARANTINE_REASON_UNSPECIFIED;
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
      quarantine(QuarantineReason.QUARANTINE_REASON_PRODUCER_REQUEST);
    }
    addFailure(request.getFailure());
  }

  /** Returns a UUIDv7, which begins with the time. */
  private static String newId() {
    UUID random = UUID.randomUUID();
    long rest = random.getMostSignificantBits() & 0xfff;
    long timed = (System.currentTimeMillis() << 16) | 0x7000 | rest;
    return new UUID(timed, random.getLeastSignificantBits()).toString();
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

  /** Applies a worker's outcome. Returns the type of its event. */
  EventType settle(Outcome outcome) {
    switch (outcome.getResultCase()) {
      case SUCCEEDED -> {
        setState(MessageState.SUCCEEDED);
        return EventType.EVENT_TYPE_RETRY_SUCCESS;
      }
      case QUARANTINED -> {
        quarantine(QuarantineReason.QUARANTINE_REASON_WORKER_REQUEST);
        return EventType.EVENT_TYPE_UNSPECIFIED;
      }
      case DISCARDED -> {
        setState(MessageState.DISCARDED);
        return EventType.EVENT_TYPE_DISCARDED;
      }
      case FAILED -> {
        fail(outcome.getFailed().getFailure(), outcome.getFailed().getNonRetryable());
        return EventType.EVENT_TYPE_RETRY_FAILED;
      }
      default -> {
        setState(MessageState.SCHEDULED);
        return EventType.EVENT_TYPE_RELEASED;
      }
    }
  }

  private void setState(MessageState state) {
    this.state = state;
    quarantineReason = QuarantineReason.QUARANTINE_REASON_UNSPECIFIED;
  }

  private void quarantine(QuarantineReason reason) {
    state = MessageState.QUARANTINED;
    quarantineReason = reason;
  }

  void addFailure(io.dlqservice.dlq.v1.Failure failure) {
    synchronized (failures) {
      failures.add(failure);
    }
  }

  private void fail(io.dlqservice.dlq.v1.Failure failure, boolean isForGood) {
    attempts++;
    addFailure(failure);
    int retries = request.hasMaxRetries() ? request.getMaxRetries() : DEFAULT_RETRIES;
    if (isForGood) quarantine(QuarantineReason.QUARANTINE_REASON_NON_RETRYABLE);
    else if (attempts >= retries) quarantine(QuarantineReason.QUARANTINE_REASON_RETRIES_EXHAUSTED);
    else setState(MessageState.SCHEDULED);
  }

  Delivery handOut(String sessionId, Instant leaseExpireTime) {
    this.sessionId = sessionId;
    state = MessageState.IN_FLIGHT;
    deliveries++;
    leaseToken = UUID.randomUUID().toString();
    io.dlqservice.dlq.v1.Failure latest = latestFailure();
    Message.Builder shown =
        Message.newBuilder()
            .setId(id)
            .setQueue(request.getQueue())
            .setPayload(request.getPayload())
            .putAllAttributes(request.getAttributesMap())
            .setFailure(latest)
            .setReason(FakeServer.reasonOf(latest))
            .setFailureCount(failures.size())
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

  private io.dlqservice.dlq.v1.Failure latestFailure() {
    synchronized (failures) {
      return failures.get(failures.size() - 1);
    }
  }

  Event event(EventType type, String eventId) {
    Event.Builder event =
        Event.newBuilder()
            .setId(eventId)
            .setType(type)
            .setTime(FakeServer.timestamp(Instant.now()))
            .setQueue(request.getQueue())
            .setMessageId(id)
            .setReason(FakeServer.reasonOf(latestFailure()))
            .setRetryCount(attempts)
            .setState(io.dlqservice.dlq.v1.MessageState.valueOf("MESSAGE_STATE_" + state.name()))
            .setQuarantineReason(quarantineReason)
            .setDeliveryCount(deliveries);
    if (state == MessageState.SCHEDULED) event.setDueTime(FakeServer.timestamp(dueTime));
    return event.build();
  }
}
