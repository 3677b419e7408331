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
 * The stream of one worker. It opens again with its session whenever it ends, until it is closed.
 * Used on the client's loop only.
 */
final class DueStream {
  /** Receives what the stream delivers. */
  interface Listener {
    void opened(long leaseMs);

    void deliveries(List<Delivery> deliveries);

    void broken(DlqException error);

    /** Called before the next stream of a session, which waits for it. */
    CompletableFuture<Void> beforeResume(String sessionId);
  }

  private static final long FIRST_PAUSE_MS = 50;
  private static final long MAX_PAUSE_MS = 5_000;

  /** A stream that lived this long counts as opened: the backoff starts anew. */
  private static final long STABLE_AFTER_MS = 1_000;

  /** A stream without a frame for this time is dead. The server sends one every 10 s. */
  private static final long FRAME_TIMEOUT_MS = 25_000;

  private static final long CHECK_EVERY_MS = FRAME_TIMEOUT_MS / 10;
  private static final long DEFAULT_LEASE_MS = 30_000;

  /**
   * Statuses that a retry cannot change: the request is wrong, or the server is not this service.
   * After a first stream has opened they may come from a proxy during a deployment, and are
   * retried.
   */
  private static final Set<Status.Code> FINAL =
      EnumSet.of(Status.Code.INVALID_ARGUMENT, Status.Code.UNIMPLEMENTED);

  private final Loop loop;
  private final Supplier<Connection> connect;
  private final StreamDueRequest request;
  private final Listener listener;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  private ScheduledFuture<?> watch;
  private String sessionId = "";
  private Stream stream;
  private ScheduledFuture<?> pause;
  private boolean isClosed;

  /** Each stream has a connection of its own. */
  DueStream(Loop loop, Supplier<Connection> connect, StreamDueRequest request, Listener listener) {
    this.loop = loop;
    this.connect = connect;
    this.request = request;
    this.listener = listener;
  }

  void start() {
    if (isClosed) return;
    watch = loop.every(CHECK_EVERY_MS, this::checkSilence);
    open();
  }

  /** Completes when the stream is closed; exceptionally if the server refuses it permanently. */
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

  /** Ends a silent stream, also one that never opened. */
  private void checkSilence() {
    if (stream == null || Loop.nowMs() - stream.lastFrameAtMs < FRAME_TIMEOUT_MS) return;
    String text = "the server sent nothing for " + FRAME_TIMEOUT_MS / 1_000 + " s";
    stream.end(CallError.of(Status.UNAVAILABLE.withDescription(text)));
  }

  /**
   * @param error null to report none
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
    boolean wasStable = Loop.nowMs() - startedAtMs > STABLE_AFTER_MS;
    if (wasStable) backoff.reset();
    if (isDrained && wasStable) resume();
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
      return CompletableFuture.completedFuture(null); // the stream opens anyway
    }
  }

  private static DlqException brokenBy(CallError error) {
    Status.Code code = error.code();
    if (code == Status.Code.UNAUTHENTICATED || code == Status.Code.PERMISSION_DENIED) {
      return error.refusal(false);
    }
    String text =
        "the stream of due messages broke: " + error.descriptionWithAdvice() + "; reconnecting";
    return new DlqException(ErrorKind.CONNECTION, text, code, error.asException(), false);
  }

  /** One stream, from its opening to its end. */
  private final class Stream implements StreamObserver<StreamDueResponse> {
    private final Connection connection;
    private final long startedAtMs = Loop.nowMs();
    private long lastFrameAtMs = startedAtMs;
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
      if (call != null) call.cancel("the stream has ended", null);
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
      lastFrameAtMs = Loop.nowMs();
      switch (response.getFrameCase()) {
        case OPENED -> takeOpened(response.getOpened());
        case DELIVERIES -> listener.deliveries(response.getDeliveries().getDeliveriesList());
        case DRAIN -> end(null, true);
        default -> {} // a heartbeat, or a frame of a later version
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
