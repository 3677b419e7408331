package io.dlqservice.dlq;

import static io.dlqservice.dlq.v1.Reason.REASON_MAX_RETRIES_EXCEEDED;
import static io.dlqservice.dlq.v1.Reason.REASON_POISON_MESSAGE;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.internal.spool.SpoolScope;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.Origin;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Connects the parts of a client. */
final class DefaultDlqClient implements DlqClient {
  /** Time for what handlers send just before the close. */
  private static final long LAST_SENDS_MS = 250;

  /** Limit of these threads before Java 21: a burst of results must not start one for each. */
  private static final int MAX_RESULTS = 64;

  /** How much longer than its timeout a close may take. */
  private static final long CLOSE_GRACE_MS = 3_000;

  /** How long a close waits for slow listeners. */
  private static final long MAX_LISTENERS_MS = 5_000;

  /** About a hundred years. */
  private static final Duration NO_LIMIT = Duration.ofDays(36_500);

  private final Loop loop = new Loop("dlq-client");
  private final ExecutorService threads = Threads.perTask("dlq-client-worker");

  /** Runs what callers chain to the futures of sends: it may block. */
  private final ExecutorService results = Threads.perTaskUpTo("dlq-client-result", MAX_RESULTS);

  private final Listeners listeners = new Listeners("dlq-client-listeners");
  private final Listeners logLines = new Listeners("dlq-client-log");
  private final Connector connector;
  private final ReconnectingChannel channel;

  /** For the user's stubs. It is never replaced. */
  private final Connection userConnection;

  private final Sender sender;

  /** Null without a spool. */
  private final Spool spool;

  /** Null without outcome callbacks. */
  private final FollowedMessages followed;

  private final ExitHook exitHook;

  private final RepeatedLines workerErrors = new RepeatedLines();
  private final SendNumbers numbers = new SendNumbers();

  /** Null if no option names it. */
  private final Origin origin;

  private final Target target;
  private final Reachability reachability = new Reachability();
  private final Telemetry telemetry;
  private final Duration timeout;
  private final JsonCodec json;
  private final DropReport report;
  private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean isClosing;
  private volatile boolean isClosed;

  DefaultDlqClient(DlqClientBuilder options) {
    target = options.target();
    connector = new Connector(target, options.tls, options.token, options.interceptors);
    channel = new ReconnectingChannel(connector::connect, loop);
    userConnection = connector.connectForUser();
    Origin given = options.origin.build();
    origin = given.equals(Origin.getDefaultInstance()) ? null : given;
    timeout = options.timeout;
    json = options.json;
    report = new DropReport(loop, listeners, logLines, options.onDropped);
    OutcomeCallbacks callbacks = options.outcomeCallbacks();
    followed =
        callbacks.isEmpty()
            ? null
            : new FollowedMessages(loop, channel, callbacks, logLines, FollowedMessages.IDLE_MS);
    spool =
        options.spool == null
            ? null
            : new Spool(
                options.spool,
                new SpoolScope(target.address(), given.getService()),
                loop,
                channel,
                reachability,
                logLines,
                report::report,
                followed == null ? null : followed::sent);
    sender =
        new Sender(
            loop, channel, reachability, spool, options.coalesce, options.tryTimeout.toMillis());
    ClientMetrics metrics = new ClientMetrics(options.telemetry, target.address(), this::status);
    telemetry = new Telemetry(new Spans(options.telemetry), metrics);
    metrics.start();
    if (spool != null) spool.start();
    exitHook = new ExitHook(this::giveUpAtExit);
  }

  /** Moves pending sends to the spool, after a moment for their answers, and reports drops. */
  private synchronized CompletableFuture<Void> giveUpAtExit() {
    if (isClosing) return closed.copy();
    CompletableFuture<Void> spooled =
        spool == null
            ? CompletableFuture.completedFuture(null)
            : sender
                .flush()
                .completeOnTimeout(null, LAST_SENDS_MS, TimeUnit.MILLISECONDS)
                .thenCompose(none -> sender.giveUpAll());
    return spooled
        .thenCompose(none -> listeners.ended())
        .thenCompose(none -> logLines.ended()); // also of what listeners sent
  }

  @Override
  public SendResult send(String queue, Object payload, Throwable error, SendOptions options) {
    SendReport sendReport = reportOf(queue, payload, error);
    if (isOwnThread()) {
      DlqException wouldDeadlock = SendErrors.wouldDeadlock("send", "use sendAsync");
      return sendReport.settled(new Dropped(wouldDeadlock));
    }
    Sent sent = begin(queue, payload, error, options, sendReport);
    return sent.pending == null ? sent.result : sent.pending.result.join();
  }

  @Override
  public CompletableFuture<SendResult> sendAsync(
      String queue, Object payload, Throwable error, SendOptions options) {
    SendReport sendReport = reportOf(queue, payload, error);
    Sent sent = begin(queue, payload, error, options, sendReport);
    if (sent.pending == null) return CompletableFuture.completedFuture(sent.result);
    return callerFuture(sent.pending);
  }

  private SendReport reportOf(String queue, Object payload, Throwable error) {
    return new SendReport(queue, payload, error, telemetry, report);
  }

  /** Whether calls would wait for the current thread. */
  private boolean isOwnThread() {
    return loop.isCurrent() || connector.isInToken();
  }

  /** Completes the caller's future in a thread that may block. */
  private CompletableFuture<SendResult> callerFuture(PendingSend send) {
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
      future.complete(result); // the caller waits for it
    }
  }

  /**
   * @param pending null if there is a result already
   */
  private record Sent(PendingSend pending, SendResult result) {}

  /** Never throws, also if the user's codec does. */
  private Sent begin(
      String queue, Object value, Throwable error, SendOptions given, SendReport sendReport) {
    try (OpenSpan.Active active = sendReport.activate()) {
      SendOptions options = given == null ? SendOptions.NONE : given;
      Payload payload = MessagePayload.of(value, options.contentType, json);
      SendToDlqRequest.Builder request =
          SendRequest.builder(queue, payload, error, options, origin);
      HeldDelivery held = CurrentDelivery.same(request, value, target.address());
      if (held != null && held.send(outcomeOf(held, request, error))) {
        return new Sent(null, sendReport.settled(new FailedDelivery(held.id())));
      }
      if (isClosed) return new Sent(null, sendReport.settled(new Dropped(SendErrors.closed())));
      if (spool != null) numbers.count(request);
      long timeoutMs = (options.timeout == null ? timeout : options.timeout).toMillis();
      SendRequest built = SendRequest.of(request.build());
      return new Sent(sender.add(built, timeoutMs, onResult(built, sendReport)), null);
    } catch (Throwable thrown) {
      return new Sent(null, sendReport.settled(new Dropped(SendErrors.invalid(thrown))));
    }
  }

  private Consumer<SendResult> onResult(SendRequest request, SendReport sendReport) {
    if (followed == null) return sendReport::settled;
    return result -> {
      followed.sent(request.proto(), result);
      sendReport.settled(result);
    };
  }

  /**
   * The failure becomes the outcome of the running delivery: sending would make a second message.
   */
  private static Outcome outcomeOf(
      HeldDelivery held, SendToDlqRequest.Builder request, Throwable error) {
    if (held.isAborted()) return Outcome.RELEASED; // it failed because of the interrupt
    Failure failure = request.getFailure();
    boolean quarantines =
        failure.getReason() == REASON_POISON_MESSAGE
            || failure.getReason() == REASON_MAX_RETRIES_EXCEEDED;
    Optional<Duration> retryAfter = Optional.empty();
    if (request.hasDelay()) retryAfter = Optional.of(Times.from(request.getDelay()));
    if (request.hasDueTime()) {
      Duration left = Duration.between(Instant.now(), Times.from(request.getDueTime()));
      retryAfter = Optional.of(left.isNegative() ? Duration.ZERO : left);
    }
    boolean isFinal = SendRequest.isNonRetryable(error) || quarantines;
    return Outcome.failed(error, failure, retryAfter, isFinal);
  }

  @Override
  public WorkerBuilder worker(String... queues) {
    return new WorkerBuilder(Arrays.asList(queues), workerErrors, this::start);
  }

  private synchronized Worker start(WorkerBuilder options) {
    if (isClosing) throw SendErrors.closed();
    WorkerContext context =
        new WorkerContext(
            this,
            target.address(),
            loop,
            channel,
            connector::connect,
            threads,
            listeners,
            json,
            telemetry);
    RunningWorker worker = new RunningWorker(options, context);
    workers.add(worker);
    worker.done().whenComplete((none, thrown) -> workers.remove(worker));
    worker.start();
    return worker;
  }

  @Override
  public ClientStatus status() {
    Optional<CallError> why = reachability.whyUnavailable(Loop.nowMs());
    return new ClientStatus(
        why.isEmpty(),
        why.map(error -> Ping.unansweredText(target.address(), error)),
        Optional.ofNullable(spool).map(Spool::usage),
        telemetry.metrics().sends());
  }

  @Override
  public Duration ping(Duration timeout) {
    if (isOwnThread()) throw SendErrors.wouldDeadlock("ping", "call it in another thread");
    long pingMs = Checks.callTimeout("timeout", timeout).toMillis();
    try {
      return new Ping(loop, channel, reachability, target.address()).send(pingMs).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof DlqException known) throw known;
      throw failed;
    }
  }

  @Override
  public Duration ping() {
    return ping(timeout);
  }

  @Override
  public void flush() {
    if (isOwnThread()) throw SendErrors.wouldDeadlock("flush", "call it in another thread");
    sender.flush().join();
    listeners.flush();
    logLines.flush();
  }

  @Override
  public Channel channel() {
    return userConnection.channel();
  }

  @Override
  public void close() {
    close(NO_LIMIT);
  }

  @Override
  public void close(Duration timeout) {
    Duration bounded = timeout.compareTo(NO_LIMIT) < 0 ? timeout : NO_LIMIT;
    boolean isFirst = startClosing();
    Runnable rest = isFirst ? () -> end(bounded) : () -> shortenClose(bounded);
    if (wouldDeadlock(isFirst)) Threads.daemons("dlq-client-close").newThread(rest).start();
    else rest.run();
  }

  private synchronized boolean startClosing() {
    boolean isFirst = !isClosing;
    isClosing = true;
    return isFirst;
  }

  /** Whether the close would wait for the current thread, which would deadlock. */
  private boolean wouldDeadlock(boolean isFirst) {
    return isOwnThread()
        || CurrentDelivery.isOf(this)
        // the first close waits for them
        || (!isFirst && isListener());
  }

  /** Whether the current thread runs a listener, a callback or the logger. */
  private boolean isListener() {
    return listeners.isCurrent()
        || logLines.isCurrent()
        || (followed != null && followed.isCurrent());
  }

  /** Another close runs and may have a longer timeout. */
  private void shortenClose(Duration timeout) {
    workers.forEach(worker -> worker.stop(timeout));
    await(closed, timeout.toMillis() + CLOSE_GRACE_MS);
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
    if (followed != null) followed.close();
    CompletableFuture<Void> cut = new CompletableFuture<>();
    loop.execute(
        () -> {
          channel.close();
          cut.complete(null);
        });
    cut.join();
    if (spool != null) spool.close();
    userConnection.close();
    loop.close();
    telemetry.metrics().close();
    report.flush();
    long listenersUntilMs = Math.min(Loop.nowMs() + MAX_LISTENERS_MS, untilMs + CLOSE_GRACE_MS);
    logLines.close(listenersUntilMs - Loop.nowMs());
    listeners.close(listenersUntilMs - Loop.nowMs());
    if (followed != null) followed.awaitCallbacks(listenersUntilMs);
    threads.shutdown();
    results.shutdown();
    exitHook.close();
  }

  private static void await(CompletableFuture<Void> future, long maxMs) {
    future.copy().completeOnTimeout(null, maxMs, TimeUnit.MILLISECONDS).join();
  }
}
