package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.StreamDueRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Builds and starts a {@link Worker}. */
public final class WorkerBuilder {
  private static final int CONCURRENCY = 16;
  private static final int BATCH_CONCURRENCY = 1;
  private static final int BATCH_SIZE = 100;
  private static final int MAX_BATCH_SIZE = 1_000;
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);

  /** The server's limit. */
  private static final int MAX_IN_FLIGHT = 10_000;

  private static final int MAX_ID_CHARS = 128;
  private static final int UNSET = -1;

  final StreamDueRequest.Builder request = StreamDueRequest.newBuilder();
  int concurrency = UNSET;
  int batchSize = UNSET;
  Duration drainTimeout = DRAIN_TIMEOUT;
  ExecutorService executor;
  BiConsumer<DlqException, Delivery> onError;
  BiConsumer<Delivery, SettledDelivery> onSettled;
  AsyncBatchHandler handler;

  /** Whether the handler may return a list. */
  boolean isBatch;

  private final List<Middleware> middleware = new ArrayList<>();
  private final List<AsyncMiddleware> asyncMiddleware = new ArrayList<>();
  private final Function<WorkerBuilder, Worker> start;
  private int prefetch = UNSET;

  WorkerBuilder(
      List<String> queues, RepeatedLines repeated, Function<WorkerBuilder, Worker> start) {
    if (queues.isEmpty()) throw new IllegalArgumentException("queues is empty; give at least one");
    this.start = start;
    queues.forEach(Checks::queue);
    request.addAllQueues(queues);
    onError = new WorkerErrorLog(queues, repeated);
  }

  /** Copies the options, so that the caller can reuse the builder. */
  private WorkerBuilder(WorkerBuilder given, AsyncBatchHandler handler, boolean isBatch) {
    request.mergeFrom(given.request.build());
    batchSize = isBatch ? orElse(given.batchSize, BATCH_SIZE) : 1;
    concurrency = orElse(given.concurrency, isBatch ? BATCH_CONCURRENCY : CONCURRENCY);
    drainTimeout = given.drainTimeout;
    executor = given.executor;
    onError = given.onError;
    onSettled = given.onSettled;
    start = given.start;
    prefetch = given.prefetch;
    this.handler = handler;
    this.isBatch = isBatch;
  }

  private static int orElse(int value, int otherwise) {
    return value == UNSET ? otherwise : value;
  }

  /** Concurrent handlers: 16 by default, and 1 of batches, so that others collect meanwhile. */
  public WorkerBuilder concurrency(int concurrency) {
    this.concurrency = (int) Checks.atLeast("concurrency", concurrency, 1);
    return this;
  }

  /** Limit of a batch of {@link #startBatches}: 1 to 1,000. Default: 100. */
  public WorkerBuilder batchSize(int batchSize) {
    this.batchSize = Checks.within("batchSize", batchSize, 1, MAX_BATCH_SIZE);
    return this;
  }

  /**
   * Runs around the handler of {@link #start} or {@link #startWithOutcomes}. The first is the
   * outermost.
   */
  public WorkerBuilder middleware(Middleware... middleware) {
    this.middleware.addAll(List.of(middleware));
    return this;
  }

  /** Runs around the handler of {@link #startAsync}. The first is the outermost. */
  public WorkerBuilder asyncMiddleware(AsyncMiddleware... middleware) {
    asyncMiddleware.addAll(List.of(middleware));
    return this;
  }

  /**
   * Deliveries that wait in the worker for a handler, which saves a round trip. They hold leases
   * meanwhile: use 0 if handlers take seconds. Default: as many as are handled at a time.
   */
  public WorkerBuilder prefetch(int prefetch) {
    this.prefetch = (int) Checks.atLeast("prefetch", prefetch, 0);
    return this;
  }

  /**
   * How long the server waits for an extension of a lease: 1 s to 12 h. Default: the queue's (30
   * s).
   */
  public WorkerBuilder leaseDuration(Duration leaseDuration) {
    request.setLeaseDuration(Times.to(Checks.positive("leaseDuration", leaseDuration)));
    return this;
  }

  /** Limit of bytes in flight: 64 MiB by default. */
  public WorkerBuilder maxInFlightBytes(long maxInFlightBytes) {
    request.setMaxInFlightBytes(Checks.atLeast("maxInFlightBytes", maxInFlightBytes, 1));
    return this;
  }

  /** The name in the server's logs. Default: host and process id. */
  public WorkerBuilder workerId(String workerId) {
    request.setWorkerId(workerId);
    return this;
  }

  /**
   * How long {@link Worker#stop()} waits for handlers before it interrupts them: 30 s by default.
   */
  public WorkerBuilder drainTimeout(Duration drainTimeout) {
    this.drainTimeout = Checks.notNegative("drainTimeout", drainTimeout);
    return this;
  }

  /**
   * Runs the handlers. The caller shuts it down. Deliveries wait while it is full, and never run in
   * the calling thread. Default: a thread each, virtual on Java 21 and newer.
   */
  public WorkerBuilder executor(ExecutorService executor) {
    this.executor = executor;
    return this;
  }

  /**
   * Called when a handler fails, the stream breaks, or an outcome does not count, with the delivery
   * or null. Default: a log line, for a failed handler with its stack.
   */
  public WorkerBuilder onError(BiConsumer<DlqException, Delivery> onError) {
    this.onError = onError;
    return this;
  }

  /** Called with the result of each outcome that counts. */
  public WorkerBuilder onSettled(BiConsumer<Delivery, SettledDelivery> onSettled) {
    this.onSettled = onSettled;
    return this;
  }

  /**
   * Starts the worker. A handler that returns reports success. What a lambda or method returns is
   * ignored here: give one that returns an {@link Outcome} to {@link #startWithOutcomes}, and one
   * that returns a future to {@link #startAsync}. If the handler makes an outcome and returns, the
   * delivery fails.
   */
  public Worker start(DeliveryHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return startWithOutcomes(
        delivery -> {
          CurrentDelivery.made(null);
          handler.handle(delivery);
          CurrentDelivery.refuseMade("startWithOutcomes");
          return null;
        });
  }

  /** Starts the worker. The handler returns the outcome of each delivery. */
  public Worker startWithOutcomes(OutcomeHandler handler) {
    Objects.requireNonNull(handler, "handler");
    refuse(!asyncMiddleware.isEmpty(), "asyncMiddleware is for startAsync; use middleware");
    OutcomeHandler all = MiddlewareChain.around(handler, List.copyOf(middleware));
    return startSingle(delivery -> CompletableFuture.completedFuture(all.handle(delivery)));
  }

  /**
   * Starts the worker. Each delivery ends when the stage does that the handler returned. It counts
   * as a running handler until then. If its lease is lost, or a stopping worker no longer waits,
   * {@link java.util.concurrent.CompletionStage#toCompletableFuture() its future} is cancelled. In
   * other threads than that of the handler, only a send of the delivery or its payload is its
   * outcome.
   */
  public Worker startAsync(AsyncHandler handler) {
    Objects.requireNonNull(handler, "handler");
    refuse(!middleware.isEmpty(), "middleware would not wait for stages; use asyncMiddleware");
    return startSingle(MiddlewareChain.aroundAsync(handler, List.copyOf(asyncMiddleware)));
  }

  /**
   * Starts the worker. The handler gets what waits, up to {@link #batchSize}, without waiting for
   * more. A failure is reported once. The handler is cancelled when all its deliveries are. A send
   * of one of its messages is the outcome of that delivery only; of equal messages, each send fails
   * another one.
   */
  public Worker startBatches(BatchHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return startBatchesWithOutcomes(
        deliveries -> {
          CurrentDelivery.made(null);
          handler.handle(deliveries);
          CurrentDelivery.refuseMade("startBatchesWithOutcomes");
          return null;
        });
  }

  /** Starts the worker like {@link #startBatches}. The handler returns the outcomes. */
  public Worker startBatchesWithOutcomes(BatchOutcomeHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return startBatchesAsync(
        deliveries -> CompletableFuture.completedFuture(handler.handle(deliveries)));
  }

  /** Starts the worker like {@link #startBatches}, for a handler like {@link #startAsync}. */
  public Worker startBatchesAsync(AsyncBatchHandler handler) {
    Objects.requireNonNull(handler, "handler");
    boolean hasMiddleware = !middleware.isEmpty() || !asyncMiddleware.isEmpty();
    refuse(hasMiddleware, "middleware wraps the handler of one delivery, not that of a batch");
    return launch(new WorkerBuilder(this, handler, true));
  }

  private Worker startSingle(AsyncHandler handler) {
    refuse(batchSize != UNSET, "batchSize is for startBatches");
    return launch(new WorkerBuilder(this, batch -> handler.handle(batch.get(0)), false));
  }

  private static void refuse(boolean isWrong, String why) {
    if (isWrong) throw new IllegalStateException(why);
  }

  private static Worker launch(WorkerBuilder own) {
    long atOnce = (long) own.concurrency * own.batchSize;
    long inFlight = atOnce + (own.prefetch == UNSET ? atOnce : own.prefetch);
    own.request.setMaxInFlight((int) Math.min(inFlight, MAX_IN_FLIGHT));
    if (own.request.getWorkerId().isEmpty()) own.request.setWorkerId(ownId());
    return own.start.apply(own);
  }

  private static String ownId() {
    String id = hostName() + "-" + ProcessHandle.current().pid();
    return id.substring(Math.max(0, id.length() - MAX_ID_CHARS));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException unknown) {
      return "localhost";
    }
  }
}
