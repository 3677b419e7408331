package io.dlqservice.dlq;

import io.dlqservice.dlq.Acks.Unreported;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.Delivery;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;

/** A worker. Its state belongs to the client's loop; its handlers run elsewhere. */
final class RunningWorker implements Worker, Acks.Listener, Leases.Listener, DueStream.Listener {
  /** How long an interrupted handler may take to end, before its message is given back. */
  private static final long ABORT_GRACE_MS = 1_000;

  /**
   * How long a worker that stops waits for the answers to its outcomes: what is left, within these.
   */
  private static final long LEAST_REPORT_MS = 1_000;

  private static final long MOST_REPORT_MS = 5_000;

  /** About a hundred years, which milliseconds can hold. */
  private static final Duration LONGEST_DRAIN = Duration.ofDays(36_500);

  /** How soon a worker looks again whether it gets a thread. */
  private static final long NO_THREAD_PAUSE_MS = 100;

  private final WorkerBuilder options;
  private final WorkerHome home;
  private final Loop loop;
  private final ExecutorService handlers;
  private final WorkerReports reports;
  private final Acks acks;
  private final Leases leases;
  private final DueStream stream;
  private final Set<HeldDelivery> running = new LinkedHashSet<>();
  private final Deque<HeldDelivery> waiting = new ArrayDeque<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final CompletableFuture<Void> idle = new CompletableFuture<>();
  private boolean isStopping;

  /** It ends for a reason that it tells. */
  private boolean hasFailed;

  private long drainUntilMs;
  private ScheduledFuture<?> drainTimer;

  /** Running handlers have been interrupted. */
  private volatile boolean isGivingUp;

  RunningWorker(WorkerBuilder options, WorkerHome home) {
    this.options = options;
    this.home = home;
    loop = home.loop();
    handlers = options.executor == null ? home.threads() : options.executor;
    reports = new WorkerReports(options, home.listeners());
    acks = new Acks(loop, home.line(), this);
    leases = new Leases(loop, home.line(), this);
    stream = new DueStream(loop, home.connect(), options.request.build(), this);
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
    Duration bounded = drainTimeout.compareTo(LONGEST_DRAIN) < 0 ? drainTimeout : LONGEST_DRAIN;
    long untilMs = Loop.nowMs() + bounded.toMillis();
    if (!loop.tryExecute(() -> beginToStop(untilMs))) stopped.complete(null);
    return stopped.copy();
  }

  @Override
  public void close() {
    CompletableFuture<Void> end = stop();
    boolean isWaitedFor = loop.isCurrent() || CurrentDelivery.isOf(this);
    if (!isWaitedFor) end.join();
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
    acks.setLeaseMs(leaseMs);
    leases.setLeaseMs(leaseMs);
  }

  @Override
  public void deliveries(List<Delivery> deliveries) {
    long nowMs = Loop.nowMs();
    for (Delivery delivery : deliveries) {
      if (!delivery.hasMessage()) continue;
      HeldDelivery held = new HeldDelivery(delivery, home, this, nowMs);
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
    return leases.releaseStrays(sessionId);
  }

  @Override
  public void answered(Unreported one, AckResult result) {
    leases.remove(one.held());
    boolean counts = result != null && result.getStatus() == AckStatus.ACK_STATUS_APPLIED;
    if (counts) reports.settled(one, result);
    else reports.notCounted(one, result);
  }

  @Override
  public void givenUp(Unreported one, CallError error) {
    leases.remove(one.held());
    reports.givenUp(one, error);
  }

  @Override
  public void lost(HeldDelivery held) {
    leases.remove(held);
    if (held.isClosed) return; // its outcome is on the way, and the answer will tell
    held.isLost = true;
    waiting.remove(held);
    held.abort(home.threads());
    reports.lost(held);
  }

  @Override
  public void refused(CallError error) {
    reports.error(error.refusal(false), null);
  }

  private void startWaiting() {
    while (!isStopping && running.size() < options.concurrency && !waiting.isEmpty()) {
      HeldDelivery held = waiting.removeFirst();
      running.add(held);
      try {
        handlers.execute(() -> run(held));
      } catch (RuntimeException | Error noThread) { // RejectedExecution, or out of native threads
        running.remove(held);
        waiting.addFirst(held);
        withoutThread(noThread);
        return;
      }
    }
  }

  /** Those that run now, or soon again, take what comes; only a pool that has ended never does. */
  private void withoutThread(Throwable cause) {
    if (!handlers.isShutdown()) {
      if (running.isEmpty()) loop.after(NO_THREAD_PAUSE_MS, this::startWaiting);
      return;
    }
    String words = "the worker has ended: its executor is shut down; start another one";
    fail(new DlqException(ErrorKind.CONNECTION, words, null, cause, false));
  }

  /** In a thread of the handlers, which some executors that are full take the caller's for. */
  private void run(HeldDelivery held) {
    if (loop.isCurrent()) throw new RejectedExecutionException("this thread runs no handlers");
    Outcome outcome = Outcome.released(); // where not even the failure can be told
    try {
      // Lost, or the worker has stopped, before its turn came: it is no longer ours.
      if (!held.isAborted()) outcome = handle(held);
    } finally {
      Outcome settled = outcome;
      loop.execute(() -> finished(held, settled));
    }
  }

  private Outcome handle(HeldDelivery held) {
    CurrentDelivery.set(held);
    held.begin();
    try (Tracing.Within trace = Tracing.within(held.message().getTraceContext())) {
      Outcome given = options.handler.handle(held);
      return given != null ? given : sentOr(held, Outcome.succeeded());
    } catch (Throwable thrown) {
      // Interrupted because the worker stops: no fault of the message.
      boolean isOurFault = isGivingUp && held.isAborted();
      return isOurFault ? Outcome.released() : sentOr(held, Outcome.failed(thrown));
    } finally {
      held.end();
      CurrentDelivery.clear();
    }
  }

  private static Outcome sentOr(HeldDelivery held, Outcome otherwise) {
    Outcome sent = held.sent;
    return sent == null ? otherwise : sent;
  }

  private void finished(HeldDelivery held, Outcome outcome) {
    running.remove(held);
    settle(held, outcome);
    if (running.isEmpty() && isStopping) idle.complete(null);
    startWaiting();
  }

  private void settle(HeldDelivery held, Outcome outcome) {
    if (held.isClosed) return;
    held.isClosed = true;
    if (!held.isLost) acks.add(new Unreported(held, outcome));
  }

  private void beginToStop(long untilMs) {
    if (isStopping) {
      if (untilMs < drainUntilMs) watchDrain(untilMs);
      return;
    }
    isStopping = true;
    stream.close();
    waiting.forEach(held -> settle(held, Outcome.released()));
    waiting.clear();
    if (running.isEmpty()) idle.complete(null);
    loop.whenDone(idle, (none, never) -> report());
    watchDrain(untilMs);
  }

  private void watchDrain(long untilMs) {
    drainUntilMs = untilMs;
    Loop.cancel(drainTimer);
    drainTimer = loop.after(Math.max(0, untilMs - Loop.nowMs()), this::giveUp);
  }

  private void giveUp() {
    if (idle.isDone()) return;
    isGivingUp = true;
    running.forEach(held -> held.abort(home.threads()));
    loop.after(
        ABORT_GRACE_MS,
        () -> {
          running.forEach(held -> settle(held, Outcome.released()));
          idle.complete(null);
        });
  }

  /** The last part: what is known is told to the server, and what never came here is given back. */
  private void report() {
    Loop.cancel(drainTimer);
    long leftMs = drainUntilMs - Loop.nowMs();
    long reportMs = Math.min(Math.max(leftMs, LEAST_REPORT_MS), MOST_REPORT_MS);
    CompletableFuture<Boolean> reported = acks.flush().thenApply(none -> true);
    loop.after(reportMs, () -> reported.complete(false));
    loop.whenDone(
        reported,
        (isReported, never) -> {
          CompletableFuture<Void> last =
              isReported ? leases.releaseStrays(stream.sessionId()) : acks.abandon();
          loop.after(LEAST_REPORT_MS, () -> last.complete(null));
          loop.whenDone(last, (none, thrown) -> end());
        });
  }

  private void end() {
    leases.stop();
    stopped.completeAsync(() -> null, home.threads());
  }
}
