package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Origin;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** The client, put together. */
final class DefaultDlqClient implements DlqClient {
  /** What handlers sent at the very end has a moment, too. */
  private static final long LAST_SENDS_MS = 250;

  /**
   * Threads of those, where they are not virtual: a burst of results must not make one for each.
   */
  private static final int MOST_RESULTS = 64;

  /** What closing takes more than its time at most. */
  private static final long MOST_LATE_MS = 3_000;

  /** How long closing waits for listeners that are slow. */
  private static final long MOST_TOLD_MS = 5_000;

  /** About a hundred years. */
  private static final Duration NO_LIMIT = Duration.ofDays(36_500);

  private final Loop loop = new Loop("dlq-client");
  private final ExecutorService threads = Threads.perTask("dlq-client-worker");

  /** Where what depends on the futures of sends runs: it may block. */
  private final ExecutorService results = Threads.perTaskOr("dlq-client-result", MOST_RESULTS);

  private final Listeners listeners = new Listeners();
  private final Connector connector;
  private final Line line;

  /** The caller's: never replaced under his calls. */
  private final Connection own;

  private final BiConsumer<DlqException, String> onDropped;
  private final Sender sender;

  /** Null for none. */
  private final Spool spool;

  /** Null where there is no spool. */
  private final ExitHook exitHook;

  private final SendNumbers numbers = new SendNumbers();

  /** Null where nothing is known of it. */
  private final Origin origin;

  private final long timeoutMs;
  private final JsonCodec json;
  private final DropReport report;
  private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean isClosing;
  private volatile boolean isClosed;

  DefaultDlqClient(DlqClientBuilder options) {
    connector = new Connector(options.target, options.tls, options.token, options.interceptors);
    line = new Line(connector::connect, loop);
    own = connector.connectForUser();
    Origin given = options.origin.build();
    origin = given.equals(Origin.getDefaultInstance()) ? null : given;
    timeoutMs = options.timeout.toMillis();
    json = options.json;
    BiConsumer<DlqException, String> told = options.onDropped;
    report = new DropReport(loop);
    onDropped =
        told == null ? report : (error, queue) -> listeners.tell(() -> told.accept(error, queue));
    Reachability reachability = new Reachability();
    spool =
        options.spool == null
            ? null
            : new Spool(
                options.spool,
                options.address(),
                given.getService(),
                loop,
                line,
                reachability,
                onDropped);
    sender =
        new Sender(
            loop,
            line,
            reachability,
            spool,
            options.coalesce,
            options.tryTimeout.toMillis(),
            onDropped);
    if (spool != null) spool.start();
    exitHook = spool == null ? null : new ExitHook(this::giveUpAtExit);
  }

  /**
   * What is answered in a moment needs no spool; who closes it already waits as long as he wants.
   */
  private synchronized CompletableFuture<Void> giveUpAtExit() {
    if (isClosing) return closed.copy();
    return sender
        .flush()
        .completeOnTimeout(null, LAST_SENDS_MS, TimeUnit.MILLISECONDS)
        .thenCompose(none -> sender.giveUpAll());
  }

  @Override
  public SendResult send(String queue, Object payload, Throwable error, SendOptions options) {
    if (loop.isCurrent()) {
      return dropped(SendErrors.wouldWaitForItself("send", "use sendAsync"), queue);
    }
    try {
      Sent sent = begin(queue, payload, error, options);
      return sent.pending == null ? sent.result : sent.pending.result.join();
    } catch (Throwable thrown) { // of the caller's codec, which may lack a class
      return dropped(SendErrors.invalid(thrown), queue);
    }
  }

  @Override
  public CompletableFuture<SendResult> sendAsync(
      String queue, Object payload, Throwable error, SendOptions options) {
    try {
      Sent sent = begin(queue, payload, error, options);
      if (sent.pending == null) return CompletableFuture.completedFuture(sent.result);
      return handedOut(sent.pending);
    } catch (Throwable thrown) {
      return CompletableFuture.completedFuture(dropped(SendErrors.invalid(thrown), queue));
    }
  }

  /** What depends on it runs in a thread where it may block. */
  private CompletableFuture<SendResult> handedOut(PendingSend send) {
    if (send.result.isDone()) return CompletableFuture.completedFuture(send.result.join());
    CompletableFuture<SendResult> future = new CompletableFuture<>();
    send.result.thenAccept(result -> complete(future, result));
    future.whenComplete(
        (result, thrown) -> {
          if (future.isCancelled()) sender.cancel(send);
        });
    return future;
  }

  private void complete(CompletableFuture<SendResult> future, SendResult result) {
    try {
      future.completeAsync(() -> result, results);
    } catch (RejectedExecutionException | OutOfMemoryError noThread) {
      future.complete(result); // somebody waits for it
    }
  }

  /**
   * @param pending null where there is a result already
   */
  private record Sent(PendingSend pending, SendResult result) {}

  private Sent begin(String queue, Object value, Throwable error, SendOptions given)
      throws Exception {
    SendOptions options = given == null ? SendOptions.NONE : given;
    Payload payload = MessagePayload.of(value, options.contentType, json);
    SendToDlqRequest.Builder request = Letter.request(queue, payload, error, options, origin);
    HeldDelivery held = CurrentDelivery.same(request, this);
    if (held != null) return new Sent(null, becomesOutcome(held, request, error));
    if (isClosed) return new Sent(null, dropped(SendErrors.closed(), queue));
    if (spool != null) numbers.count(request);
    long ownTimeoutMs = options.timeout == null ? timeoutMs : options.timeout.toMillis();
    return new Sent(sender.add(Letter.of(request.build()), ownTimeoutMs), null);
  }

  private SendResult dropped(DlqException error, String queue) {
    onDropped.accept(error, queue);
    return new Dropped(error);
  }

  /**
   * The message is there already, and its handler has it: the failure is reported, not sent again.
   */
  private static SendResult becomesOutcome(
      HeldDelivery held, SendToDlqRequest.Builder request, Throwable error) {
    if (held.isAborted()) {
      // That, and not the message, is why it failed.
      if (held.sent == null) held.sent = Outcome.released();
      return new FailedDelivery(held.id());
    }
    Failure failure = request.getFailure();
    boolean quarantines =
        failure.getReason() == Reason.REASON_POISON_MESSAGE
            || failure.getReason() == Reason.REASON_MAX_RETRIES_EXCEEDED;
    Optional<Duration> retryAfter = Optional.empty();
    if (request.hasDelay()) retryAfter = Optional.of(Times.from(request.getDelay()));
    if (request.hasDueTime()) {
      Duration left = Duration.between(Instant.now(), Times.from(request.getDueTime()));
      retryAfter = Optional.of(left.isNegative() ? Duration.ZERO : left);
    }
    held.sent = Outcome.failed(failure, retryAfter, Letter.isNonRetryable(error) || quarantines);
    return new FailedDelivery(held.id());
  }

  @Override
  public WorkerBuilder worker(String... queues) {
    return new WorkerBuilder(List.of(queues), this::start);
  }

  private synchronized Worker start(WorkerBuilder options) {
    if (isClosing) throw SendErrors.closed();
    WorkerHome home =
        new WorkerHome(this, loop, line, connector::connect, threads, listeners, json);
    RunningWorker worker = new RunningWorker(options, home);
    workers.add(worker);
    worker.done().whenComplete((none, thrown) -> workers.remove(worker));
    worker.start();
    return worker;
  }

  @Override
  public void flush() {
    if (loop.isCurrent()) throw SendErrors.wouldWaitForItself("flush", "call it elsewhere");
    sender.flush().join();
    listeners.flush();
  }

  @Override
  public Channel channel() {
    return own.channel();
  }

  @Override
  public void close() {
    close(NO_LIMIT);
  }

  @Override
  public void close(Duration timeout) {
    Duration bounded = timeout.compareTo(NO_LIMIT) < 0 ? timeout : NO_LIMIT;
    boolean isFirst = beginToClose();
    Runnable rest = isFirst ? () -> end(bounded) : () -> hasten(bounded);
    if (isWaitedFor(isFirst)) Threads.daemons("dlq-client-close").newThread(rest).start();
    else rest.run();
  }

  private synchronized boolean beginToClose() {
    boolean isFirst = !isClosing;
    isClosing = true;
    return isFirst;
  }

  /** Whether closing waits for this very thread, which must then not wait for it. */
  private boolean isWaitedFor(boolean isFirst) {
    return loop.isCurrent()
        || CurrentDelivery.isOf(this)
        || (!isFirst && listeners.isCurrent()); // the first one's end waits for listeners
  }

  /** Somebody closes it already, and may wait longer than this one wants to. */
  private void hasten(Duration timeout) {
    workers.forEach(worker -> worker.stop(timeout));
    await(closed, timeout.toMillis() + MOST_LATE_MS);
  }

  private void end(Duration timeout) {
    try {
      endAll(timeout);
    } finally {
      closed.complete(null);
    }
  }

  private void endAll(Duration timeout) {
    long untilMs = Loop.nowMs() + timeout.toMillis();
    boolean isLimited = timeout.compareTo(NO_LIMIT) < 0;
    CompletableFuture.allOf(
            workers.stream()
                .map(worker -> isLimited ? worker.stop(timeout) : worker.stop())
                .toArray(CompletableFuture<?>[]::new))
        .join();
    isClosed = true;
    long leftMs = Math.max(untilMs - Loop.nowMs(), Math.min(timeout.toMillis(), LAST_SENDS_MS));
    await(sender.flush(), leftMs);
    sender.close().join();
    CompletableFuture<Void> cut = new CompletableFuture<>();
    loop.execute(
        () -> {
          line.close();
          cut.complete(null);
        });
    cut.join();
    if (spool != null) spool.close();
    own.close();
    loop.close();
    report.flush();
    listeners.close(Math.min(MOST_TOLD_MS, untilMs + MOST_LATE_MS - Loop.nowMs()));
    threads.shutdown();
    results.shutdown();
    if (exitHook != null) exitHook.close();
  }

  private static void await(CompletableFuture<Void> future, long mostMs) {
    future.copy().completeOnTimeout(null, mostMs, TimeUnit.MILLISECONDS).join();
  }
}
