package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventGap;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.WatchEventsRequest;
import io.dlqservice.dlq.v1.WatchEventsResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A server whose events a test decides. */
final class EventServer extends DlqServiceGrpc.DlqServiceImplBase implements AutoCloseable {
  /** A call of WatchEvents. */
  record Watch(
      WatchEventsRequest request,
      ServerCallStreamObserver<WatchEventsResponse> out,
      CompletableFuture<Void> cancelled) {
    /**
     * @param resumeToken empty for none
     */
    void send(String resumeToken, Event... events) {
      out.onNext(
          WatchEventsResponse.newBuilder()
              .setResumeToken(resumeToken)
              .addAllEvents(List.of(events))
              .build());
    }

    void sendGap() {
      EventGap gap = EventGap.newBuilder().setMissedCount(7).setUndoneCount(2).build();
      out.onNext(WatchEventsResponse.newBuilder().setGap(gap).build());
    }

    void fail() {
      fail(Status.UNAVAILABLE.withDescription("the server drains"));
    }

    void fail(Status status) {
      out.onError(status.asException());
    }
  }

  private static final AtomicInteger LAST_ID = new AtomicInteger();

  final BlockingQueue<Watch> watches = new LinkedBlockingQueue<>();
  private final Server server;

  EventServer() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(this)
            .build()
            .start();
  }

  static Event.Builder event(EventType type, String queue, String messageId) {
    boolean isSuccess = type == EventType.EVENT_TYPE_RETRY_SUCCESS;
    return Event.newBuilder()
        .setId("event-" + LAST_ID.incrementAndGet())
        .setType(type)
        .setTime(Times.to(Instant.now()))
        .setQueue(queue)
        .setMessageId(messageId)
        .setState(
            isSuccess
                ? MessageState.MESSAGE_STATE_SUCCEEDED
                : MessageState.MESSAGE_STATE_SCHEDULED);
  }

  static Event failed(String queue, String messageId) {
    return event(EventType.EVENT_TYPE_RETRY_FAILED, queue, messageId).build();
  }

  static Event succeeded(String queue, String messageId) {
    return event(EventType.EVENT_TYPE_RETRY_SUCCESS, queue, messageId).build();
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void watchEvents(WatchEventsRequest request, StreamObserver<WatchEventsResponse> out) {
    var stream = (ServerCallStreamObserver<WatchEventsResponse>) out;
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    stream.setOnCancelHandler(() -> cancelled.complete(null));
    watches.add(new Watch(request, stream, cancelled));
  }

  /** The next call of WatchEvents. */
  Watch next() throws InterruptedException {
    Watch next = watches.poll(20, TimeUnit.SECONDS);
    assertTrue(next != null, "no watch came within 20 s");
    return next;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
