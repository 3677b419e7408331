package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResult;
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
 * Reports outcomes, those that come together in one call, again and again until they can't count.
 * Belongs to the client's loop.
 */
final class Acks {
  /** A delivery whose outcome is known here, and not yet to the server. */
  record Unreported(HeldDelivery held, Outcome outcome) {}

  /** Whom it tells. */
  interface Listener {
    /** The server has answered; the result is null where it gave none for this one. */
    void answered(Unreported one, AckResult result);

    /** The server never said whether it counts. */
    void givenUp(Unreported one, CallError error);
  }

  private static final int MOST_OUTCOMES = 1_000;

  /** Of one call: many a proxy takes no more than 1 MiB. */
  private static final int MOST_BYTES = 768 * 1024;

  /** Of an outcome, beside its failure. */
  private static final int FRAME_BYTES = 256;

  private static final int MOST_CALLS = 4;

  /** How long an outcome waits for others while a call is under way. */
  private static final long DELAY_MS = 1;

  private static final long TRY_TIMEOUT_MS = 5_000;
  private static final long FIRST_PAUSE_MS = 20;
  private static final long MOST_PAUSE_MS = 1_000;

  /** After an outage the server waits this much longer than the lease. */
  private static final long EXPIRY_GRACE_MS = 30_000;

  private static final CallError ABANDONED =
      CallError.of(Status.CANCELLED.withDescription("the worker has ended before"));

  private final Loop loop;
  private final Line line;
  private final Listener listener;
  private final Deque<Unreported> waiting = new ArrayDeque<>();
  private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
  private final List<Report> reports = new ArrayList<>();
  private long leaseMs = 30_000;
  private long waitingBytes;
  private boolean isScheduled;
  private boolean isAbandoned;
  private ScheduledFuture<?> delay;

  Acks(Loop loop, Line line, Listener listener) {
    this.loop = loop;
    this.line = line;
    this.listener = listener;
  }

  /** How long leases are; known once the stream is open. */
  void setLeaseMs(long leaseMs) {
    this.leaseMs = leaseMs;
  }

  void add(Unreported one) {
    waiting.addLast(one);
    waitingBytes += bytesOf(one);
    if (reports.isEmpty() || isFull()) schedule();
    else if (delay == null) delay = loop.after(DELAY_MS, this::onTurn);
  }

  /** Completes when everything added so far is answered or given up. */
  CompletableFuture<Void> flush() {
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    flushes.add(flushed);
    pump();
    tellIfEmpty();
    return flushed;
  }

  /** Gives up what has no answer yet, and what has no call. */
  CompletableFuture<Void> abandon() {
    isAbandoned = true;
    List.copyOf(reports).forEach(Report::abandon);
    return flush();
  }

  private boolean isFull() {
    return waiting.size() >= MOST_OUTCOMES || waitingBytes >= MOST_BYTES;
  }

  private void schedule() {
    if (isScheduled) return;
    isScheduled = true;
    loop.execute(this::onTurn);
  }

  private void onTurn() {
    isScheduled = false;
    Loop.cancel(delay);
    delay = null;
    pump();
  }

  private void pump() {
    while (!waiting.isEmpty() && reports.size() < MOST_CALLS) {
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
    tellIfEmpty();
  }

  private List<Unreported> take() {
    List<Unreported> taken = new ArrayList<>();
    int bytes = 0;
    while (!waiting.isEmpty() && taken.size() < MOST_OUTCOMES) {
      int own = bytesOf(waiting.peekFirst());
      if (!taken.isEmpty() && bytes + own > MOST_BYTES) break;
      bytes += own;
      taken.add(waiting.removeFirst());
    }
    waitingBytes -= bytes;
    return taken;
  }

  private void tellIfEmpty() {
    if (!waiting.isEmpty() || !reports.isEmpty()) return;
    List<CompletableFuture<Void>> told = List.copyOf(flushes);
    flushes.clear();
    told.forEach(flush -> flush.complete(null));
  }

  private static int bytesOf(Unreported one) {
    return one.outcome().bytes() + FRAME_BYTES;
  }

  /** One batch under one request id. */
  private final class Report {
    private final List<Unreported> batch;
    private final AckRequest request;
    private final long giveUpAtMs;
    private final Runnable onEnd;
    private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
    private CompletableFuture<?> call;
    private ScheduledFuture<?> pause;
    private CallError lastError;

    Report(List<Unreported> batch, long giveUpAtMs, Runnable onEnd) {
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
      Connection connection = line.connection();
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
      for (int at = 0; at < batch.size(); at++) {
        listener.answered(batch.get(at), at < results.size() ? results.get(at) : null);
      }
      end();
    }

    private void failed(Connection connection, CallError error) {
      line.failed(connection, error);
      lastError = error;
      boolean isOver = isAbandoned || Loop.nowMs() > giveUpAtMs;
      boolean isTooLarge = error.isTooLargeOnTheWay();
      if (isTooLarge && !isOver && batch.size() > 1) goInHalves();
      else if (isOver || isTooLarge || error.isForGood()) giveUp(error);
      else pause = loop.after(backoff.nextMs(), this::tryOnce);
    }

    private void goInHalves() {
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
