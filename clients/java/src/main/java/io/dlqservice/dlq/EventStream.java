package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventGap;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.WatchEventsRequest;
import io.dlqservice.dlq.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;

/**
 * The events that end or change the attempts of one queue's messages, in order. It reconnects with
 * backoff, and goes on behind the last resume token: later events come again. If the server refuses
 * the token, it begins one second before the latest event. Used on the client's loop only.
 */
final class EventStream {
  /** Receives what the stream delivers. */
  interface Listener {
    /** The stream reads on when the result completes, so that a slow listener holds few events. */
    CompletableFuture<Void> events(List<Event> events);

    void gap(EventGap gap);

    void broken(CallError error);
  }

  /** A call begins this long before its first or latest event: the clocks of servers differ. */
  private static final Duration LEAD = Duration.ofSeconds(1);

  private static final long FIRST_PAUSE_MS = 500;
  private static final long MAX_PAUSE_MS = 30_000;

  /** A call that lived this long counts as opened: the backoff starts anew. */
  private static final long STABLE_AFTER_MS = 1_000;

  private static final List<EventType> TYPES =
      List.of(
          EventType.EVENT_TYPE_RETRY_SUCCESS,
          EventType.EVENT_TYPE_RETRY_FAILED,
          EventType.EVENT_TYPE_MOVED_TO_POISON,
          EventType.EVENT_TYPE_MOVED_AWAY,
          EventType.EVENT_TYPE_EXPIRED,
          EventType.EVENT_TYPE_DISCARDED,
          EventType.EVENT_TYPE_PURGED);

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final String queue;
  private final Listener listener;
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);

  private Instant since;
  private String resumeToken = "";
  private CompletableFuture<Void> taken = CompletableFuture.completedFuture(null);
  private Call call;
  private ScheduledFuture<?> pause;
  private boolean isClosed;

  /**
   * @param since when the first event may have happened
   */
  EventStream(
      Loop loop, ReconnectingChannel channel, String queue, Instant since, Listener listener) {
    this.loop = loop;
    this.channel = channel;
    this.queue = queue;
    this.since = since;
    this.listener = listener;
  }

  void open() {
    if (isClosed) return;
    call = new Call();
    call.start();
  }

  void close() {
    isClosed = true;
    Loop.cancel(pause);
    if (call != null) call.end(null);
  }

  /**
   * @param error null if the stream is closed
   */
  private void ended(long startedAtMs, CallError error) {
    call = null;
    if (error == null) return;
    if (error.code() == Status.Code.INVALID_ARGUMENT) resumeToken = ""; // of another server
    listener.broken(error);
    if (Loop.nowMs() - startedAtMs > STABLE_AFTER_MS) backoff.reset();
    pause = loop.after(backoff.nextMs(), () -> loop.whenDone(taken, (none, thrown) -> open()));
  }

  private WatchEventsRequest request() {
    return WatchEventsRequest.newBuilder()
        .addQueues(queue)
        .addAllTypes(TYPES)
        .setStartTime(Times.to(since.minus(LEAD)))
        .setResumeToken(resumeToken)
        .build();
  }

  /** One call, from its start to its end. */
  private final class Call
      implements ClientResponseObserver<WatchEventsRequest, WatchEventsResponse> {
    private final long startedAtMs = Loop.nowMs();
    private ClientCallStreamObserver<WatchEventsRequest> stream;
    private boolean isOver;

    void start() {
      try {
        DlqServiceGrpc.newStub(channel.connection().channel()).watchEvents(request(), this);
      } catch (RuntimeException | Error thrown) { // such as a user's interceptor that throws
        end(CallError.of(Connection.asStatus(thrown)));
      }
    }

    void end(CallError error) {
      if (isOver) return;
      isOver = true;
      if (stream != null) stream.cancel("the watch has ended", null);
      ended(startedAtMs, error);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchEventsRequest> started) {
      stream = started;
      stream.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(WatchEventsResponse response) {
      loop.execute(() -> take(response));
    }

    @Override
    public void onError(Throwable thrown) {
      loop.execute(() -> end(CallError.of(thrown)));
    }

    @Override
    public void onCompleted() {
      Status ended = Status.UNAVAILABLE.withDescription("the server ended the stream");
      loop.execute(() -> end(CallError.of(ended)));
    }

    private void take(WatchEventsResponse response) {
      if (isOver) return;
      if (response.hasGap()) listener.gap(response.getGap());
      List<Event> events = response.getEventsList();
      if (!events.isEmpty()) since = Times.from(events.get(events.size() - 1).getTime());
      if (!response.getResumeToken().isEmpty()) resumeToken = response.getResumeToken();
      taken = listener.events(events);
      loop.whenDone(taken, (none, thrown) -> readOn());
    }

    private void readOn() {
      if (!isOver) stream.request(1);
    }
  }
}
