package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResponse;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.Deliveries;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.ExtendLeaseRequest;
import io.dlqservice.dlq.v1.ExtendLeaseResponse;
import io.dlqservice.dlq.v1.ExtendLeaseResult;
import io.dlqservice.dlq.v1.Opened;
import io.dlqservice.dlq.v1.Outcome;
import io.dlqservice.dlq.v1.SendToDlqBatchRequest;
import io.dlqservice.dlq.v1.SendToDlqBatchResponse;
import io.dlqservice.dlq.v1.SendToDlqBatchResult;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.dlqservice.dlq.v1.StatsRequest;
import io.dlqservice.dlq.v1.StatsResponse;
import io.dlqservice.dlq.v1.StreamDueRequest;
import io.dlqservice.dlq.v1.StreamDueResponse;
import io.dlqservice.dlq.v1.WatchEventsRequest;
import io.dlqservice.dlq.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The methods of the fake, under one lock. */
final class FakeService extends DlqServiceGrpc.DlqServiceImplBase {
  private static final long CHECK_EVERY_MS = 20;
  private static final long AWAIT_NS = TimeUnit.SECONDS.toNanos(10);
  private static final int DEFAULT_IN_FLIGHT = 16;

  /** A worker's stream. */
  private record Stream(
      StreamDueRequest request,
      String sessionId,
      ServerCallStreamObserver<StreamDueResponse> out,
      List<FakeMessage> held) {}

  private final List<FakeMessage> messages = new ArrayList<>();
  private final Map<String, SendToDlqResponse> byRequest = new HashMap<>();
  private final List<Stream> streams = new ArrayList<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "dlq-fake-server");
            thread.setDaemon(true);
            return thread;
          });
  private final FakeEvents events = new FakeEvents();
  private boolean isDown;

  FakeService() {
    clock.scheduleWithFixedDelay(
        this::handOut, CHECK_EVERY_MS, CHECK_EVERY_MS, TimeUnit.MILLISECONDS);
  }

  void close() {
    clock.shutdownNow();
  }

  synchronized void setDown(boolean isDown) {
    this.isDown = isDown;
    if (!isDown) return;
    streams.forEach(stream -> stream.out.onError(down()));
    streams.clear();
    events.endAll(down());
  }

  synchronized List<FakeMessage> messages(String queue) {
    return messages.stream().filter(one -> one.request().getQueue().equals(queue)).toList();
  }

  synchronized List<FakeMessage> await(String queue, MessageState state, int count)
      throws InterruptedException, TimeoutException {
    long endNs = System.nanoTime() + AWAIT_NS;
    for (; ; ) {
      List<FakeMessage> found =
          messages(queue).stream().filter(one -> one.state() == state).toList();
      if (found.size() >= count) return found;
      long leftMs = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
      if (leftMs <= 0) {
        throw new TimeoutException(
            "queue \""
                + queue
                + "\" has "
                + found.size()
                + " messages in "
                + state
                + ", not "
                + count);
      }
      wait(leftMs);
    }
  }

  @Override
  public synchronized void sendToDlq(
      SendToDlqRequest request, StreamObserver<SendToDlqResponse> out) {
    if (isDown) {
      out.onError(down());
      return;
    }
    FakeChecks.refusal(request)
        .ifPresentOrElse(
            refusal -> out.onError(StatusProto.toStatusRuntimeException(refusal)),
            () -> answer(out, accept(request)));
  }

  @Override
  public synchronized void sendToDlqBatch(
      SendToDlqBatchRequest request, StreamObserver<SendToDlqBatchResponse> out) {
    if (isDown) {
      out.onError(down());
      return;
    }
    SendToDlqBatchResponse.Builder response = SendToDlqBatchResponse.newBuilder();
    for (SendToDlqRequest one : request.getRequestsList()) {
      SendToDlqBatchResult.Builder result = response.addResultsBuilder();
      FakeChecks.refusal(one)
          .ifPresentOrElse(
              refusal -> result.setError(FakeChecks.withinResponse(refusal)),
              () -> result.setResponse(accept(one)));
    }
    answer(out, response.build());
  }

  @Override
  public synchronized void streamDue(
      StreamDueRequest request, StreamObserver<StreamDueResponse> out) {
    if (isDown) {
      out.onError(down());
      return;
    }
    String resumed = request.getResumeSessionId();
    String session = resumed.isEmpty() ? UUID.randomUUID().toString() : resumed;
    Opened opened =
        Opened.newBuilder().setSessionId(session).setLeaseDuration(FakeServer.LEASE).build();
    out.onNext(StreamDueResponse.newBuilder().setOpened(opened).build());
    var stream = (ServerCallStreamObserver<StreamDueResponse>) out;
    stream.setOnCancelHandler(() -> {}); // otherwise later writes would throw
    streams.add(new Stream(request, session, stream, new ArrayList<>()));
    handOut();
  }

  @Override
  public synchronized void ack(AckRequest request, StreamObserver<AckResponse> out) {
    if (isDown) {
      out.onError(down());
      return;
    }
    AckResponse.Builder response = AckResponse.newBuilder();
    request.getOutcomesList().forEach(outcome -> response.addResults(settle(outcome)));
    answer(out, response.build());
    handOut();
  }

  @Override
  public synchronized void extendLease(
      ExtendLeaseRequest request, StreamObserver<ExtendLeaseResponse> out) {
    if (isDown) {
      out.onError(down());
      return;
    }
    Instant expireTime = Instant.now().plusSeconds(FakeServer.LEASE.getSeconds());
    ExtendLeaseResponse.Builder response = ExtendLeaseResponse.newBuilder();
    List<String> tokens =
        request.getSessionId().isEmpty()
            ? request.getLeaseTokensList()
            : leasesOf(request.getSessionId());
    for (String token : tokens) {
      boolean isHeld = heldBy(token).isPresent();
      response.addResults(
          ExtendLeaseResult.newBuilder()
              .setLeaseToken(token)
              .setLeaseExpireTime(FakeServer.timestamp(expireTime))
              .setStatus(isHeld ? AckStatus.ACK_STATUS_APPLIED : AckStatus.ACK_STATUS_LEASE_LOST));
    }
    answer(out, response.build());
  }

  @Override
  public synchronized void stats(StatsRequest request, StreamObserver<StatsResponse> out) {
    if (isDown) out.onError(down());
    else answer(out, FakeStats.of(request.getQueuesList(), messages));
  }

  @Override
  public synchronized void watchEvents(
      WatchEventsRequest request, StreamObserver<WatchEventsResponse> out) {
    if (isDown) out.onError(down());
    else events.watch(request, (ServerCallStreamObserver<WatchEventsResponse>) out);
  }

  private SendToDlqResponse accept(SendToDlqRequest request) {
    SendToDlqResponse known = byRequest.get(request.getRequestId());
    if (known != null) return known;
    Optional<FakeMessage> joined = messages.stream().filter(one -> joins(request, one)).findFirst();
    FakeMessage message = joined.orElseGet(() -> new FakeMessage(request));
    if (joined.isPresent()) {
      message.addFailure(request.getFailure());
    } else {
      messages.add(message);
      events.add(EventType.EVENT_TYPE_MESSAGE_ADDED, message);
    }
    SendToDlqResponse response =
        SendToDlqResponse.newBuilder()
            .setId(message.id)
            .setState(
                io.dlqservice.dlq.v1.MessageState.valueOf(
                    "MESSAGE_STATE_" + message.state().name()))
            .setReason(FakeServer.reasonOf(request.getFailure()))
            .setDuplicate(joined.isPresent())
            .build();
    if (!request.getRequestId().isEmpty()) byRequest.put(request.getRequestId(), response);
    handOut();
    return response;
  }

  private static boolean joins(SendToDlqRequest request, FakeMessage message) {
    SendToDlqRequest earlier = message.request();
    return !request.getDedupKey().isEmpty()
        && request.getDedupKey().equals(earlier.getDedupKey())
        && request.getQueue().equals(earlier.getQueue())
        && request.getPayload().equals(earlier.getPayload());
  }

  private AckResult settle(Outcome outcome) {
    Optional<FakeMessage> held = heldBy(outcome.getLeaseToken());
    if (held.isEmpty()) {
      return AckResult.newBuilder().setStatus(AckStatus.ACK_STATUS_NOT_FOUND).build();
    }
    FakeMessage message = held.get();
    events.add(message.settle(outcome), message);
    return AckResult.newBuilder()
        .setStatus(AckStatus.ACK_STATUS_APPLIED)
        .setState(
            io.dlqservice.dlq.v1.MessageState.valueOf("MESSAGE_STATE_" + message.state().name()))
        .build();
  }

  /** The leases of a session, also of deliveries that it never received. */
  private List<String> leasesOf(String sessionId) {
    return messages.stream()
        .filter(one -> one.state() == MessageState.IN_FLIGHT)
        .filter(one -> one.sessionId.equals(sessionId))
        .map(one -> one.leaseToken)
        .toList();
  }

  private Optional<FakeMessage> heldBy(String leaseToken) {
    return messages.stream()
        .filter(one -> one.state() == MessageState.IN_FLIGHT)
        .filter(one -> one.leaseToken.equals(leaseToken))
        .findFirst();
  }

  /** Delivers due messages to workers that have room. */
  private synchronized void handOut() {
    notifyAll();
    streams.removeIf(stream -> stream.out.isCancelled());
    Instant now = Instant.now();
    for (Stream stream : streams) {
      stream.held.removeIf(one -> one.state() != MessageState.IN_FLIGHT);
      StreamDueRequest request = stream.request;
      int most = request.hasMaxInFlight() ? request.getMaxInFlight() : DEFAULT_IN_FLIGHT;
      Deliveries.Builder deliveries = Deliveries.newBuilder();
      for (FakeMessage message : messages) {
        if (stream.held.size() >= most) break;
        if (!isDue(message, request, now)) continue;
        stream.held.add(message);
        Instant expireTime = now.plusSeconds(FakeServer.LEASE.getSeconds());
        deliveries.addDeliveries(message.handOut(stream.sessionId, expireTime));
      }
      if (deliveries.getDeliveriesCount() == 0) continue;
      stream.out.onNext(StreamDueResponse.newBuilder().setDeliveries(deliveries).build());
    }
  }

  private static boolean isDue(FakeMessage message, StreamDueRequest request, Instant now) {
    return message.state() == MessageState.SCHEDULED
        && !message.dueTime.isAfter(now)
        && request.getQueuesList().contains(message.request().getQueue());
  }

  private static <T> void answer(StreamObserver<T> out, T response) {
    out.onNext(response);
    out.onCompleted();
  }

  private static Exception down() {
    return Status.UNAVAILABLE.withDescription("the fake is down").asException();
  }
}
