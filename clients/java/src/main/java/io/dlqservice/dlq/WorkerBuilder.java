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

/** Makes a {@link Worker}, and starts it. */
public final class WorkerBuilder {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final int CONCURRENCY = 16;
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);

  /** The most that the server takes. */
  private static final int MOST_IN_FLIGHT = 10_000;

  private static final int MOST_ID_CHARS = 128;
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
    if (queues.isEmpty()) throw new IllegalArgumentException("queues is empty; name one at least");
    this.start = start;
    request.addAllQueues(queues);
  }

  /** As it is now, for one worker: the caller may go on with it, for another one. */
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

  /** Most handlers at a time: 16 by default. */
  public WorkerBuilder concurrency(int concurrency) {
    this.concurrency = (int) Checks.atLeast("concurrency", concurrency, 1);
    return this;
  }

  /**
   * Deliveries that wait here for a handler, so that none waits for the network. They are held by
   * this worker meanwhile: give 0 where handlers take seconds. Default: as many as {@link
   * #concurrency}.
   */
  public WorkerBuilder prefetch(int prefetch) {
    this.prefetch = (int) Checks.atLeast("prefetch", prefetch, 0);
    return this;
  }

  /** How long the server waits for a sign of life, 1 s to 12 h. Default: the queue's (30 s). */
  public WorkerBuilder leaseDuration(Duration leaseDuration) {
    request.setLeaseDuration(Times.to(Checks.positive("leaseDuration", leaseDuration)));
    return this;
  }

  /** Most bytes in flight: 64 MiB by default. */
  public WorkerBuilder maxInFlightBytes(long maxInFlightBytes) {
    request.setMaxInFlightBytes(Checks.atLeast("maxInFlightBytes", maxInFlightBytes, 1));
    return this;
  }

  /** Shown in the server's logs. Default: host and process id. */
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
   * Where handlers run; it stays the caller's. While it is full, deliveries wait; an executor that
   * runs tasks in the calling thread gets none that way. Default: a thread for each, a virtual one
   * on Java 21 and newer.
   */
  public WorkerBuilder executor(ExecutorService executor) {
    this.executor = executor;
    return this;
  }

  /**
   * Told when the stream breaks or an outcome does not count, with the delivery or null. Default: a
   * line in the log.
   */
  public WorkerBuilder onError(BiConsumer<DlqException, Delivery> onError) {
    this.onError = onError;
    return this;
  }

  /** Told what became of each delivery whose outcome counts. */
  public WorkerBuilder onSettled(BiConsumer<Delivery, SettledDelivery> onSettled) {
    this.onSettled = onSettled;
    return this;
  }

  /** Starts the worker. A handler that returns says that its delivery succeeded. */
  public Worker start(DeliveryHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return startWithOutcomes(
        delivery -> {
          handler.handle(delivery);
          return null;
        });
  }

  /** Starts the worker. Its handler says what became of each delivery. */
  public Worker startWithOutcomes(OutcomeHandler handler) {
    WorkerBuilder own = new WorkerBuilder(this, handler);
    long inFlight = (long) concurrency + (prefetch == UNSET ? concurrency : prefetch);
    own.request.setMaxInFlight((int) Math.min(inFlight, MOST_IN_FLIGHT));
    if (request.getWorkerId().isEmpty()) own.request.setWorkerId(ownId());
    return start.apply(own);
  }

  private static String ownId() {
    String id = hostName() + "-" + ProcessHandle.current().pid();
    return id.substring(Math.max(0, id.length() - MOST_ID_CHARS));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException nameless) {
      return "localhost";
    }
  }
}
