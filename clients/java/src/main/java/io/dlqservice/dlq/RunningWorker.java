package io.dlqservice.dlq;

import io.dlqservice.dlq.OutcomeReporter.UnreportedOutcome;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.Delivery;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Consumer;

/** A worker. Its state belongs to the client's loop; handlers run in other threads. */
final class RunningWorker
    implements Worker, OutcomeReporter.Listener, Leases.Listener, DueStream.Listener {
  /** How long an interrupted handler may run before its message is released. */
  private static final long ABORT_GRACE_MS = 1_000;

  /**
   * How long a stopping worker waits for the answers to its outcomes: the time that is left, within
   * these limits.
   */
  private static final long MIN_REPORT_MS = 1_000;

  private static final long MAX_REPORT_MS = 5_000;

  /** About a hundred years, which milliseconds can hold. */
  private static final Duration MAX_DRAIN = Duration.ofDays(36_500);

  /** How soon a worker tries again to get a thread. */
  private static final long NO_THREAD_PAUSE_MS = 100;

  private final WorkerBuilder options;
  private final WorkerContext context;
  private final Loop loop;
  private final ExecutorService handlers;
  private final WorkerReports reports;
  private final HandlerCalls calls;
  private final OutcomeReporter outcomeReporter;
  private final Leases leases;
  private final DueStream stream;
  private final Set<HandlerRun> running = new LinkedHashSet<>();
  private final Deque<HeldDelivery> waiting = new ArrayDeque<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final CompletableFuture<Void> handlersDone = new CompletableFuture<>();
  private boolean isStopping;
  private boolean hasFailed;
  private long drainUntilMs;
  private ScheduledFuture<?> drainTimer;

  RunningWorker(WorkerBuilder options, WorkerContext context) {
    this.options = options;
    this.context = context;
    loop = context.loop();
    handlers = options.executor == null ? context.threads() : options.executor;
    reports = new WorkerReports(options, context.listeners());
    calls = new HandlerCalls(options, reports, context.telemetry());
    outcomeReporter = new OutcomeReporter(loop, context.channel(), this);
    leases = new Leases(loop, context.channel(), this);
    stream = new DueStream(loop, context.connect(), options.request.build(), this);
  }

  void start() {
    stream.done().whenComplete(this::streamEnded);
    loop.execute(stream::start);
  }

  @Override
  public CompletableFuture<Void> done() {
    return done.copy();
  }

  @Override
  public CompletableFuture<Void> stop() {
    return stop(options.drainTimeout);
  }

  @Override
  public CompletableFuture<Void> stop(Duration drainTimeout) {
    Duration bounded = drainTimeout.compareTo(MAX_DRAIN) < 0 ? drainTimeout : MAX_DRAIN;
    long untilMs = Loop.nowMs() + bounded.toMillis();
    if (!loop.tryExecute(() -> startStopping(untilMs))) stopped.complete(null);
    return stopped.copy();
  }

  @Override
  public void close() {
    CompletableFuture<Void> end = stop();
    boolean wouldDeadlock = loop.isCurrent() || CurrentDelivery.isOf(this);
    if (!wouldDeadlock) end.join();
  }

  private void streamEnded(Void none, Throwable refusal) {
    if (refusal == null) {
      if (!hasFailed) stopped.thenRun(() -> done.complete(null));
    } else {
      fail(refusal instanceof CompletionException ? refusal.getCause() : refusal);
    }
  }

  private void fail(Throwable cause) {
    if (hasFailed) return;
    hasFailed = true;
    if (cause instanceof DlqException known) reports.error(known, null);
    stop();
    stopped.thenRun(() -> done.completeExceptionally(cause));
  }

  @Override
  public void opened(long leaseMs) {
    outcomeReporter.setLeaseMs(leaseMs);
    leases.setLeaseMs(leaseMs);
    reports.opened();
  }

  @Override
  public void deliveries(List<Delivery> deliveries) {
    long nowMs = Loop.nowMs();
    for (Delivery delivery : deliveries) {
      if (!delivery.hasMessage()) continue;
      HeldDelivery held = new HeldDelivery(delivery, context, this, nowMs);
      leases.add(held);
      waiting.addLast(held);
    }
    startWaiting();
  }

  @Override
  public void broken(DlqException error) {
    reports.error(error, null);
  }

  @Override
  public CompletableFuture<Void> beforeResume(String sessionId) {
    return leases.releaseUnreceived(sessionId);
  }

  @Override
  public void answered(UnreportedOutcome one, AckResult result) {
    leases.remove(one.held());
    boolean counts = result != null && result.getStatus() == AckStatus.ACK_STATUS_APPLIED;
    if (counts) reports.settled(one, result);
    else reports.notCounted(one, result);
  }

  @Override
  public void givenUp(UnreportedOutcome one, CallError error) {
    leases.remove(one.held());
    reports.givenUp(one, error);
  }

  @Override
  public void lost(HeldDelivery held) {
    leases.remove(held);
    if (held.isClosed) return; // the answer to its outcome decides
    held.isLost = true;
    waiting.remove(held);
    held.abort(context.threads());
    reports.lost(held);
  }

  @Override
  public void refused(CallError error) {
    reports.error(error.refusal(false), null);
  }

  private void startWaiting() {
    while (!isStopping && running.size() < options.concurrency && !waiting.isEmpty()) {
      HandlerRun run = new HandlerRun(take());
      running.add(run);
      try {
        handlers.execute(() -> run(run));
      } catch (RuntimeException | Error noThread) { // rejected, or no native thread
        running.remove(run);
        for (int at = run.batch().size() - 1; at >= 0; at--) waiting.addFirst(run.batch().get(at));
        retryWithoutThread(noThread);
        return;
      }
    }
  }

  /** Takes what waits, for one call of the handler. */
  private List<HeldDelivery> take() {
    List<HeldDelivery> batch = new ArrayList<>();
    while (batch.size() < options.batchSize && !waiting.isEmpty()) batch.add(waiting.removeFirst());
    return batch;
  }

  /**
   * Tries again later. A running handler also tries again when it ends. Fails only if the executor
   * is shut down.
   */
  private void retryWithoutThread(Throwable cause) {
    if (!handlers.isShutdown()) {
      if (running.isEmpty()) loop.after(NO_THREAD_PAUSE_MS, this::startWaiting);
      return;
    }
    String text = "the worker has ended: its executor is shut down; start another worker";
    fail(new DlqException(ErrorKind.CONNECTION, text, null, cause, false));
  }

  /**
   * Runs in a thread of the handlers. Some full executors run tasks in the calling thread instead.
   */
  private void run(HandlerRun run) {
    if (loop.isCurrent())
      throw new RejectedExecutionException("handlers do not run in the client's thread");
    CompletionStage<List<Outcome>> ended = CompletableFuture.completedFuture(null);
    try {
      ended = calls.call(run);
    } finally {
      ended.whenComplete((outcomes, never) -> loop.execute(() -> finished(run, outcomes)));
    }
  }

  /**
   * @param outcomes null if even a failure could not be recorded
   */
  private void finished(HandlerRun run, List<Outcome> outcomes) {
    running.remove(run);
    List<HeldDelivery> called = outcomes == null ? List.of() : run.called();
    for (int at = 0; at < called.size(); at++) settle(called.get(at), outcomes.get(at));
    run.batch().forEach(held -> settle(held, Outcome.RELEASED)); // the others
    if (running.isEmpty() && isStopping) handlersDone.complete(null);
    startWaiting();
  }

  private void settle(HeldDelivery held, Outcome outcome) {
    if (held.isClosed) return;
    held.isClosed = true;
    if (!held.isLost) outcomeReporter.add(new UnreportedOutcome(held, outcome));
  }

  private void startStopping(long untilMs) {
    if (isStopping) {
      if (untilMs < drainUntilMs) watchDrain(untilMs);
      return;
    }
    isStopping = true;
    stream.close();
    waiting.forEach(held -> settle(held, Outcome.RELEASED));
    waiting.clear();
    if (running.isEmpty()) handlersDone.complete(null);
    loop.whenDone(handlersDone, (none, never) -> report());
    watchDrain(untilMs);
  }

  private void watchDrain(long untilMs) {
    drainUntilMs = untilMs;
    Loop.cancel(drainTimer);
    drainTimer = loop.after(Math.max(0, untilMs - Loop.nowMs()), this::giveUp);
  }

  private void giveUp() {
    if (handlersDone.isDone()) return;
    reports.cancelled(running);
    forEachRunning(held -> held.abort(context.threads()));
    loop.after(
        ABORT_GRACE_MS,
        () -> {
          forEachRunning(held -> settle(held, Outcome.RELEASED));
          handlersDone.complete(null);
        });
  }

  private void forEachRunning(Consumer<HeldDelivery> call) {
    running.forEach(run -> run.batch().forEach(call));
  }

  /** Last step of a stop: reports outcomes, and releases deliveries that were never received. */
  private void report() {
    Loop.cancel(drainTimer);
    long leftMs = drainUntilMs - Loop.nowMs();
    long reportMs = Math.min(Math.max(leftMs, MIN_REPORT_MS), MAX_REPORT_MS);
    CompletableFuture<Boolean> reported = outcomeReporter.flush().thenApply(none -> true);
    loop.after(reportMs, () -> reported.complete(false));
    loop.whenDone(
        reported,
        (isReported, never) -> {
          CompletableFuture<Void> last =
              isReported ? leases.releaseUnreceived(stream.sessionId()) : outcomeReporter.abandon();
          loop.after(MIN_REPORT_MS, () -> last.complete(null));
          loop.whenDone(last, (none, thrown) -> end());
        });
  }

  private void end() {
    leases.stop();
    stopped.completeAsync(() -> null, context.threads());
  }
}
