package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.StreamDueRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds and starts a {@link Worker}. */
public final class WorkerBuilder {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final int CONCURRENCY = 16;
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);

  /** The server's limit. */
  private static final int MAX_IN_FLIGHT = 10_000;

  private static final int MAX_ID_CHARS = 128;
  private static final int UNSET = -1;

  final StreamDueRequest.Builder request = StreamDueRequest.newBuilder();
  int concurrency = CONCURRENCY;
  Duration drainTimeout = DRAIN_TIMEOUT;
  ExecutorService executor;
  BiConsumer<DlqException, Delivery> onError =
      (error, delivery) -> LOG.warn("{}", error.getMessage());
  BiConsumer<Delivery, SettledDelivery> onSettled;
  OutcomeHandler handler;

  private final Function<WorkerBuilder, Worker> start;
  private int prefetch = UNSET;

  WorkerBuilder(List<String> queues, Function<WorkerBuilder, Worker> start) {
    if (queues.isEmpty()) throw new IllegalArgumentException("queues is empty; give at least one");
    this.start = start;
    request.addAllQueues(queues);
  }

  /** Copies the options, so that the caller can reuse the builder. */
  private WorkerBuilder(WorkerBuilder given, OutcomeHandler handler) {
    request.mergeFrom(given.request.build());
    concurrency = given.concurrency;
    drainTimeout = given.drainTimeout;
    executor = given.executor;
    onError = given.onError;
    onSettled = given.onSettled;
    start = given.start;
    prefetch = given.prefetch;
    this.handler = Objects.requireNonNull(handler, "handler");
  }

  /** Concurrent handlers: 16 by default. */
  public WorkerBuilder concurrency(int concurrency) {
    this.concurrency = (int) Checks.atLeast("concurrency", concurrency, 1);
    return this;
  }

  /**
   * Deliveries that wait in the worker for a handler, which saves a round trip. They hold leases
   * meanwhile: use 0 if handlers take seconds. Default: {@link #concurrency}.
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
   * Called when the stream breaks, or an outcome does not count, with the delivery or null.
   * Default: a log line.
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

  /** Starts the worker. A handler that returns reports success. */
  public Worker start(DeliveryHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return startWithOutcomes(
        delivery -> {
          handler.handle(delivery);
          return null;
        });
  }

  /** Starts the worker. The handler returns the outcome of each delivery. */
  public Worker startWithOutcomes(OutcomeHandler handler) {
    WorkerBuilder own = new WorkerBuilder(this, handler);
    long inFlight = (long) concurrency + (prefetch == UNSET ? concurrency : prefetch);
    own.request.setMaxInFlight((int) Math.min(inFlight, MAX_IN_FLIGHT));
    if (request.getWorkerId().isEmpty()) own.request.setWorkerId(ownId());
    return start.apply(own);
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
