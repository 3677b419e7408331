package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.v1.Delivery;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Message;
import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
  private final List<Failure> failures = new ArrayList<>();
  private volatile MessageState state = MessageState.MESSAGE_STATE_SCHEDULED;
  private int deliveries;

  FakeMessage(SendToDlqRequest request) {
    this.request = request;
    Instant now = Instant.now();
    if (request.hasDueTime()) {
      dueTime = Instant.ofEpochSecond(request.getDueTime().getSeconds());
    } else {
      dueTime = now.plusSeconds(request.getDelay().getSeconds());
    }
    Reason reason = request.getFailure().getReason();
    if (reason == Reason.REASON_POISON_MESSAGE || reason == Reason.REASON_MAX_RETRIES_EXCEEDED) {
      state = MessageState.MESSAGE_STATE_QUARANTINED;
    }
    addFailure(request.getFailure());
  }

  /** The request as it was sent. */
  public SendToDlqRequest request() {
    return request;
  }

  public MessageState state() {
    return state;
  }

  /** The failure of the send, then those of attempts and joined sends. */
  public List<Failure> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** The payload as text. */
  public String text() {
    return request.getPayload().hasData()
        ? request.getPayload().getData().toStringUtf8()
        : request.getPayload().getText();
  }

  void setState(MessageState state) {
    this.state = state;
  }

  void addFailure(Failure failure) {
    synchronized (failures) {
      failures.add(failure);
    }
  }

  void fail(Failure failure, boolean isForGood) {
    attempts++;
    addFailure(failure);
    int retries = request.hasMaxRetries() ? request.getMaxRetries() : DEFAULT_RETRIES;
    state =
        isForGood || attempts >= retries
            ? MessageState.MESSAGE_STATE_QUARANTINED
            : MessageState.MESSAGE_STATE_SCHEDULED;
  }

  Delivery handOut(String sessionId, Instant leaseExpireTime) {
    this.sessionId = sessionId;
    state = MessageState.MESSAGE_STATE_IN_FLIGHT;
    deliveries++;
    leaseToken = UUID.randomUUID().toString();
    List<Failure> known = failures();
    Failure latest = known.get(known.size() - 1);
    Message.Builder shown =
        Message.newBuilder()
            .setId(id)
            .setQueue(request.getQueue())
            .setPayload(request.getPayload())
            .putAllAttributes(request.getAttributesMap())
            .setFailure(latest)
            .setReason(FakeServer.reasonOf(latest))
            .setFailureCount(known.size())
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
