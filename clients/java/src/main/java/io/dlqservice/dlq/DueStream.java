package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Delivery;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.Opened;
import io.dlqservice.dlq.v1.StreamDueRequest;
import io.dlqservice.dlq.v1.StreamDueResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Supplier;

/**
 * One worker's stream: opened again whenever it ends, with its session, until it is closed. Belongs
 * to the client's loop.
 */
final class DueStream {
  /** Whom it tells. */
  interface Listener {
    void opened(long leaseMs);

    void deliveries(List<Delivery> deliveries);

    void broken(DlqException error);

    /** Called between two streams of a session, which waits for it. */
    CompletableFuture<Void> beforeResume(String sessionId);
  }

  private static final long FIRST_PAUSE_MS = 50;
  private static final long MOST_PAUSE_MS = 5_000;

  /** A stream that has lived this long was no failed try to open one. */
  private static final long GOOD_AFTER_MS = 1_000;

  /** A stream that says nothing for so long is dead; the server says something every 10 s. */
  private static final long SILENCE_MS = 25_000;

  private static final long LOOK_EVERY_MS = SILENCE_MS / 10;
  private static final long DEFAULT_LEASE_MS = 30_000;

  /**
   * Statuses that trying again can't change: the request itself is wrong, or the server another
   * one. Not once a stream has been open: then it is a proxy whose servers are away, or a
   * deployment.
   */
  private static final Set<Status.Code> FINAL =
      EnumSet.of(Status.Code.INVALID_ARGUMENT, Status.Code.UNIMPLEMENTED);

  private final Loop loop;
  private final Supplier<Connection> connect;
  private final StreamDueRequest request;
  private final Listener listener;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  private ScheduledFuture<?> watch;
  private String sessionId = "";
  private Stream stream;
  private ScheduledFuture<?> pause;
  private boolean isClosed;

  /** A connection of its own for each stream. */
  DueStream(Loop loop, Supplier<Connection> connect, StreamDueRequest request, Listener listener) {
    this.loop = loop;
    this.connect = connect;
    this.request = request;
    this.listener = listener;
  }

  void start() {
    if (isClosed) return;
    watch = loop.every(LOOK_EVERY_MS, this::look);
    open();
  }

  /** Completes when it was closed; exceptionally when the server refuses it for good. */
  CompletableFuture<Void> done() {
    return done;
  }

  String sessionId() {
    return sessionId;
  }

  void close() {
    if (isClosed) return;
    isClosed = true;
    Loop.cancel(watch);
    Loop.cancel(pause);
    if (stream != null) stream.end(null);
    done.complete(null);
  }

  private void open() {
    if (isClosed) return;
    try {
      stream = new Stream(connect.get());
      stream.start();
    } catch (RuntimeException | Error thrown) {
      ended(Loop.nowMs(), CallError.of(Connection.asStatus(thrown)), false);
    }
  }

  /** Also covers the opening of a stream that never answers. */
  private void look() {
    if (stream == null || Loop.nowMs() - stream.heardAtMs < SILENCE_MS) return;
    String words = "nothing was heard for " + SILENCE_MS / 1_000 + " s";
    stream.end(CallError.of(Status.UNAVAILABLE.withDescription(words)));
  }

  /**
   * @param error null where none is to be told
   */
  private void ended(long startedAtMs, CallError error, boolean isDrained) {
    stream = null;
    if (isClosed) return;
    if (error != null) {
      boolean isFinal = sessionId.isEmpty() && FINAL.contains(error.code());
      if (isFinal) {
        DlqException refusal = error.refusal(false);
        isClosed = true;
        Loop.cancel(watch);
        done.completeExceptionally(refusal);
        return;
      }
      listener.broken(brokenBy(error));
    }
    boolean wasGood = Loop.nowMs() - startedAtMs > GOOD_AFTER_MS;
    if (wasGood) backoff.reset();
    if (isDrained && wasGood) resume();
    else pause = loop.after(backoff.nextMs(), this::resume);
  }

  private void resume() {
    pause = null;
    if (isClosed) return;
    if (sessionId.isEmpty()) open();
    else loop.whenDone(beforeResume(), (none, thrown) -> open());
  }

  private CompletableFuture<Void> beforeResume() {
    try {
      return listener.beforeResume(sessionId);
    } catch (RuntimeException | Error thrown) {
      return CompletableFuture.completedFuture(null); // the stream matters more
    }
  }

  private static DlqException brokenBy(CallError error) {
    Status.Code code = error.code();
    if (code == Status.Code.UNAUTHENTICATED || code == Status.Code.PERMISSION_DENIED) {
      return error.refusal(false);
    }
    String words = "the stream of due messages broke and is opened again: " + error.words();
    return new DlqException(ErrorKind.CONNECTION, words, code, error.asException(), false);
  }

  /** One of them, to its end. */
  private final class Stream implements StreamObserver<StreamDueResponse> {
    private final Connection connection;
    private final long startedAtMs = Loop.nowMs();
    private long heardAtMs = startedAtMs;
    private ClientCall<StreamDueRequest, StreamDueResponse> call;
    private boolean isOver;

    Stream(Connection connection) {
      this.connection = connection;
    }

    void start() {
      try {
        call =
            connection.channel().newCall(DlqServiceGrpc.getStreamDueMethod(), CallOptions.DEFAULT);
        StreamDueRequest resumed = request.toBuilder().setResumeSessionId(sessionId).build();
        ClientCalls.asyncServerStreamingCall(call, resumed, this);
      } catch (RuntimeException | Error thrown) {
        end(CallError.of(Connection.asStatus(thrown)));
      }
    }

    void end(CallError error) {
      end(error, false);
    }

    private void end(CallError error, boolean isDrained) {
      if (isOver) return;
      isOver = true;
      if (call != null) call.cancel("the stream is over", null);
      connection.close();
      ended(startedAtMs, error, isDrained);
    }

    @Override
    public void onNext(StreamDueResponse response) {
      loop.execute(() -> take(response));
    }

    @Override
    public void onError(Throwable thrown) {
      loop.execute(() -> end(CallError.of(thrown)));
    }

    @Override
    public void onCompleted() {
      loop.execute(() -> end(null));
    }

    private void take(StreamDueResponse response) {
      if (isOver) return;
      heardAtMs = Loop.nowMs();
      switch (response.getFrameCase()) {
        case OPENED -> takeOpened(response.getOpened());
        case DELIVERIES -> listener.deliveries(response.getDeliveries().getDeliveriesList());
        case DRAIN -> end(null, true);
        default -> {} // a heartbeat, or what later versions say
      }
    }

    private void takeOpened(Opened opened) {
      sessionId = opened.getSessionId();
      listener.opened(
          opened.hasLeaseDuration()
              ? Times.from(opened.getLeaseDuration()).toMillis()
              : DEFAULT_LEASE_MS);
    }
  }
}
