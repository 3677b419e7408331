package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;

/**
 * Reports outcomes in batches, and retries until they can no longer count. Used on the client's
 * loop only.
 */
final class OutcomeReporter {
  /** An outcome that is not yet reported to the server. */
  record UnreportedOutcome(HeldDelivery held, Outcome outcome) {}

  /** Receives the results. */
  interface Listener {
    /** The server answered; the result is null if it gave none for this outcome. */
    void answered(UnreportedOutcome one, AckResult result);

    /** The server never answered whether the outcome counts. */
    void givenUp(UnreportedOutcome one, CallError error);
  }

  private static final int MAX_OUTCOMES = 1_000;

  /** Limit of one call: many proxies refuse more than 1 MiB. */
  private static final int MAX_BYTES = 768 * 1024;

  /** Size of an outcome without its failure. */
  private static final int FRAME_BYTES = 256;

  private static final int MAX_CALLS = 4;

  /** How long an outcome waits for others while a call is active. */
  private static final long DELAY_MS = 1;

  private static final long TRY_TIMEOUT_MS = 5_000;
  private static final long FIRST_PAUSE_MS = 20;
  private static final long MAX_PAUSE_MS = 1_000;

  /** After an outage the server waits this much longer than the lease. */
  private static final long EXPIRY_GRACE_MS = 30_000;

  private static final CallError ABANDONED =
      CallError.of(Status.CANCELLED.withDescription("the worker ended before the server answered"));

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final Listener listener;
  private final Deque<UnreportedOutcome> waiting = new ArrayDeque<>();
  private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
  private final List<Report> reports = new ArrayList<>();
  private long leaseMs = 30_000;
  private long waitingBytes;
  private boolean isScheduled;
  private boolean isAbandoned;
  private ScheduledFuture<?> delay;

  OutcomeReporter(Loop loop, ReconnectingChannel channel, Listener listener) {
    this.loop = loop;
    this.channel = channel;
    this.listener = listener;
  }

  /** Sets the length of leases, once the stream is open. */
  void setLeaseMs(long leaseMs) {
    this.leaseMs = leaseMs;
  }

  void add(UnreportedOutcome one) {
    waiting.addLast(one);
    waitingBytes += bytesOf(one);
    if (reports.isEmpty() || isFull()) schedule();
    else if (delay == null) delay = loop.after(DELAY_MS, this::onTimer);
  }

  /** Completes when every outcome added so far is answered or given up. */
  CompletableFuture<Void> flush() {
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    flushes.add(flushed);
    pump();
    completeFlushes();
    return flushed;
  }

  /** Gives up all outcomes that have no answer yet. */
  CompletableFuture<Void> abandon() {
    isAbandoned = true;
    List.copyOf(reports).forEach(Report::abandon);
    return flush();
  }

  private boolean isFull() {
    return waiting.size() >= MAX_OUTCOMES || waitingBytes >= MAX_BYTES;
  }

  private void schedule() {
    if (isScheduled) return;
    isScheduled = true;
    loop.execute(this::onTimer);
  }

  private void onTimer() {
    isScheduled = false;
    Loop.cancel(delay);
    delay = null;
    pump();
  }

  private void pump() {
    while (!waiting.isEmpty() && reports.size() < MAX_CALLS) {
      start(new Report(take(), Loop.nowMs() + leaseMs + EXPIRY_GRACE_MS, this::onReported));
    }
  }

  private void start(Report report) {
    reports.add(report);
    if (isAbandoned) report.giveUp(ABANDONED);
    else report.tryOnce();
  }

  private void onReported() {
    if (!waiting.isEmpty()) schedule();
    completeFlushes();
  }

  private List<UnreportedOutcome> take() {
    List<UnreportedOutcome> taken = new ArrayList<>();
    int bytes = 0;
    while (!waiting.isEmpty() && taken.size() < MAX_OUTCOMES) {
      int own = bytesOf(waiting.peekFirst());
      if (!taken.isEmpty() && bytes + own > MAX_BYTES) break;
      bytes += own;
      taken.add(waiting.removeFirst());
    }
    waitingBytes -= bytes;
    return taken;
  }

  private void completeFlushes() {
    if (!waiting.isEmpty() || !reports.isEmpty()) return;
    List<CompletableFuture<Void>> done = List.copyOf(flushes);
    flushes.clear();
    done.forEach(flush -> flush.complete(null));
  }

  private static boolean isDamaged(AckResult result) {
    return result != null && result.getStatus() == AckStatus.ACK_STATUS_INTERNAL;
  }

  private static int bytesOf(UnreportedOutcome one) {
    return one.outcome().bytes() + FRAME_BYTES;
  }

  /** One batch with one request id. */
  private final class Report {
    private final List<UnreportedOutcome> batch;
    private final AckRequest request;
    private final long giveUpAtMs;
    private final Runnable onEnd;
    private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
    private CompletableFuture<?> call;
    private ScheduledFuture<?> pause;
    private CallError lastError = ABANDONED;

    Report(List<UnreportedOutcome> batch, long giveUpAtMs, Runnable onEnd) {
      this.batch = batch;
      this.giveUpAtMs = giveUpAtMs;
      this.onEnd = onEnd;
      AckRequest.Builder builder =
          AckRequest.newBuilder().setRequestId(UUID.randomUUID().toString());
      batch.forEach(one -> builder.addOutcomes(one.outcome().message(one.held().leaseToken())));
      request = builder.build();
    }

    void tryOnce() {
      pause = null;
      Connection connection = channel.connection();
      var answer = connection.call(DlqServiceGrpc.getAckMethod(), request, TRY_TIMEOUT_MS);
      call = answer;
      loop.whenDone(
          answer,
          (response, thrown) -> {
            if (thrown == null) answered(response.getResultsList());
            else failed(connection, CallError.of(thrown));
          });
    }

    void abandon() {
      if (pause == null) {
        call.cancel(false);
      } else {
        pause.cancel(false);
        giveUp(lastError);
      }
    }

    private void answered(List<AckResult> results) {
      List<UnreportedOutcome> damaged = new ArrayList<>();
      for (int at = 0; at < batch.size(); at++) {
        AckResult result = at < results.size() ? results.get(at) : null;
        if (isDamaged(result) && Loop.nowMs() <= giveUpAtMs) damaged.add(batch.get(at));
        else listener.answered(batch.get(at), result);
      }
      if (damaged.isEmpty()) end();
      else reportLater(damaged);
    }

    /** Their queue may be repaired. */
    private void reportLater(List<UnreportedOutcome> damaged) {
      Report next = new Report(damaged, giveUpAtMs, onEnd);
      reports.remove(this);
      reports.add(next);
      if (isAbandoned) next.giveUp(ABANDONED);
      else next.tryLater();
    }

    private void failed(Connection connection, CallError error) {
      channel.failed(connection, error);
      lastError = error;
      boolean isOver = isAbandoned || Loop.nowMs() > giveUpAtMs;
      boolean isTooLarge = error.isTooLargeForProxy();
      if (isTooLarge && !isOver && batch.size() > 1) split();
      else if (isOver || isTooLarge || error.isPermanent()) giveUp(error);
      else tryLater();
    }

    private void tryLater() {
      pause = loop.after(backoff.nextMs(), this::tryOnce);
    }

    private void split() {
      int half = batch.size() / 2;
      Report second = new Report(batch.subList(half, batch.size()), giveUpAtMs, onEnd);
      Report first = new Report(batch.subList(0, half), giveUpAtMs, () -> start(second));
      reports.remove(this);
      start(first);
    }

    private void giveUp(CallError error) {
      batch.forEach(one -> listener.givenUp(one, error));
      end();
    }

    private void end() {
      reports.remove(this);
      onEnd.run();
    }
  }
}
