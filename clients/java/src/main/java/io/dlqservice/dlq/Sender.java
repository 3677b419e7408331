package io.dlqservice.dlq;

import io.dlqservice.dlq.SendCall.Answer;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.internal.spool.SpoolResult;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Sends requests, and puts concurrent ones into one call. The first goes at once if no call is
 * active. The others wait until a call is answered, a call is full, or {@code maxDelay} has passed.
 * Sends that are not answered in time go to the spool. Without a connection, and while the service
 * is unavailable, they go there at once.
 */
final class Sender {
  private static final long FIRST_PAUSE_MS = 20;
  private static final long MAX_PAUSE_MS = 1_000;

  /** Precision of deadlines: one timer checks all sends. */
  private static final long CHECK_EVERY_MS = 25;

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final Reachability reachability;

  /** Null: sends that are not accepted in time are dropped. */
  private final SendSpool spool;

  private final CoalesceOptions coalesce;
  private final long tryTimeoutMs;
  private final SendQueue queue = new SendQueue();
  private final Set<PendingSend> pending = new LinkedHashSet<>();
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  private final AtomicInteger pendingCount = new AtomicInteger();
  private final AtomicLong pendingBytes = new AtomicLong();
  private boolean isClosed;
  private int calls;
  private boolean isScheduled;
  private boolean isPaused;
  private ScheduledFuture<?> delay;
  private ScheduledFuture<?> deadlineTimer;

  Sender(
      Loop loop,
      ReconnectingChannel channel,
      Reachability reachability,
      SendSpool spool,
      CoalesceOptions coalesce,
      long tryTimeoutMs) {
    this.loop = loop;
    this.channel = channel;
    this.reachability = reachability;
    this.spool = spool;
    this.coalesce = coalesce;
    this.tryTimeoutMs = tryTimeoutMs;
  }

  /**
   * May be called from any thread.
   *
   * @param onResult called once, before the send has its result
   */
  PendingSend add(SendRequest request, long timeoutMs, Consumer<SendResult> onResult) {
    long deadlineAtMs = Loop.nowMs() + timeoutMs;
    PendingSend send =
        new PendingSend(request, deadlineAtMs, (self, result) -> settled(self, result, onResult));
    int before = pendingCount.getAndIncrement();
    long bytes = pendingBytes.addAndGet(request.bytes());
    boolean isRoom = before < coalesce.maxPendingMessages && bytes <= coalesce.maxPendingBytes;
    if (!isRoom && spool == null) {
      send.drop(SendErrors.bufferFull(before, request, coalesce.maxPendingBytes));
    } else if (!loop.tryExecute(() -> admit(send, isRoom))) {
      send.drop(SendErrors.closed());
    }
    return send;
  }

  private void settled(PendingSend send, SendResult result, Consumer<SendResult> onResult) {
    pendingCount.decrementAndGet();
    pendingBytes.addAndGet(-send.request.bytes());
    onResult.accept(result);
    loop.execute(() -> forget(send));
  }

  private void admit(PendingSend send, boolean isRoom) {
    if (send.isDone()) return;
    if (isClosed) {
      send.drop(SendErrors.closed());
      return;
    }
    pending.add(send);
    boolean isUnavailable = reachability.isUnavailable(Loop.nowMs());
    if (spool != null && (!isRoom || isUnavailable)) {
      if (isUnavailable) send.setUnavailable(reachability.lastError());
      spool(send);
      return;
    }
    queue.push(send);
    if (deadlineTimer == null) deadlineTimer = loop.every(CHECK_EVERY_MS, this::giveUpLate);
    if (calls == 0 || isFull()) schedule();
    else if (delay == null) delay = loop.after(coalesce.maxDelayMs, this::onDelay);
  }

  /** Completes when every send so far has its result. */
  CompletableFuture<Void> flush() {
    return whenAllHaveResults(() -> {});
  }

  /** Moves all pending sends to the spool. */
  CompletableFuture<Void> giveUpAll() {
    return whenAllHaveResults(
        () -> List.copyOf(pending).forEach(send -> giveUp(send, SendErrors::closedBefore)));
  }

  /** Moves all pending sends to the spool, and drops later ones. */
  CompletableFuture<Void> close() {
    return whenAllHaveResults(
        () -> {
          isClosed = true;
          List.copyOf(pending).forEach(send -> giveUp(send, SendErrors::closedBefore));
        });
  }

  private CompletableFuture<Void> whenAllHaveResults(Runnable first) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    boolean isOpen =
        loop.tryExecute(
            () -> {
              first.run();
              CompletableFuture.allOf(
                      pending.stream()
                          .map(send -> send.result)
                          .toArray(CompletableFuture<?>[]::new))
                  .thenRun(() -> done.complete(null));
            });
    if (!isOpen) done.complete(null);
    return done;
  }

  void cancel(PendingSend send) {
    loop.execute(() -> send.drop(SendErrors.aborted(send)));
  }

  private void giveUp(PendingSend send, Function<PendingSend, DlqException> error) {
    if (send.isDone()) return;
    if (spool == null) send.drop(error.apply(send));
    else spool(send);
  }

  private void spool(PendingSend send) {
    send.isSpooling = true;
    CallError why = send.deadlineAtMs <= Loop.nowMs() ? send.lateError() : send.lastError;
    loop.whenDone(
        spool.keep(send.request),
        (result, never) -> {
          switch (result) {
            case FULL -> send.drop(SendErrors.spoolFull(send, spool.maxBytes()));
            case TOO_LONG -> send.drop(SendErrors.tooLongForSpool(send));
            default -> {
              if (why != null) spool.warn(why);
              send.settle(new Spooled(result == SpoolResult.DISK));
            }
          }
        });
  }

  private boolean isFull() {
    return queue.size() >= coalesce.maxMessages || queue.bytes() >= coalesce.maxBytes;
  }

  private void schedule() {
    if (isScheduled) return;
    isScheduled = true;
    loop.execute(
        () -> {
          isScheduled = false;
          pump();
        });
  }

  private void onDelay() {
    delay = null;
    pump();
  }

  /** Makes one call of the waiting sends, and more calls only if they are full. */
  private void pump() {
    boolean isFirst = true;
    while (!isPaused && calls < coalesce.maxCalls && (isFirst || isFull())) {
      isFirst = false;
      List<PendingSend> sends = queue.take(coalesce.maxMessages, coalesce.maxBytes);
      if (sends.isEmpty()) return;
      call(sends);
    }
  }

  private void call(List<PendingSend> sends) {
    calls++;
    long beganAtMs = Loop.nowMs();
    long longestMs = 1;
    List<SendToDlqRequest> requests = new ArrayList<>(sends.size());
    for (PendingSend send : sends) {
      send.isInCall = true;
      longestMs = Math.max(longestMs, send.deadlineAtMs - beganAtMs);
      requests.add(send.request.proto());
    }
    Connection connection = channel.connection();
    loop.whenDone(
        SendCall.send(connection, requests, Math.min(tryTimeoutMs, longestMs)),
        (answers, thrown) -> {
          calls--;
          if (thrown == null) answered(sends, answers, beganAtMs);
          else failed(sends, connection, CallError.of(thrown), beganAtMs);
          if (queue.size() > 0) schedule();
        });
  }

  private void answered(List<PendingSend> sends, List<Answer> answers, long beganAtMs) {
    SendCall.unavailable(answers)
        .ifPresentOrElse(
            error -> reachability.failed(beganAtMs, Loop.nowMs(), error),
            () -> reachability.answered(beganAtMs));
    List<PendingSend> again = new ArrayList<>();
    for (int at = 0; at < sends.size(); at++) {
      PendingSend send = sends.get(at);
      Answer answer = at < answers.size() ? answers.get(at) : null;
      if (answer != null && answer.response() != null) {
        send.settle(SendCall.stored(answer.response(), send.queue()));
      } else if (answer != null && !answer.error().isRetryable()) {
        refuse(send, answer.error());
      } else {
        again.add(send.tryFailed(answer == null ? null : answer.error(), true));
      }
    }
    if (again.isEmpty()) backoff.reset();
    else tryAgain(again);
  }

  private void failed(
      List<PendingSend> sends, Connection connection, CallError error, long beganAtMs) {
    channel.failed(connection, error);
    if (error.isAnswer()) reachability.answered(beganAtMs);
    else reachability.failed(beganAtMs, Loop.nowMs(), error);
    if (error.isRetryable()) {
      boolean mayHaveArrived = !error.neverArrived();
      sends.forEach(send -> send.tryFailed(error, mayHaveArrived));
      if (mayHaveArrived || spool == null) tryAgain(sends);
      else sends.forEach(send -> giveUp(send, SendErrors::late));
    } else if (sends.size() > 1 && error.mayConcernOneMessage()) {
      // One message may be the cause: sending halves finds it.
      int middle = sends.size() / 2;
      call(sends.subList(0, middle));
      call(sends.subList(middle, sends.size()));
    } else {
      sends.forEach(send -> refuse(send, error));
    }
  }

  /** Drops a send that is refused permanently, and keeps another one. */
  private void refuse(PendingSend send, CallError error) {
    DlqException refusal = error.refusal(send.wasMaybeStored);
    if (send.isDone()) { // the spool decides
      send.tryFailed(error, refusal.maybeStored());
      return;
    }
    if (error.isPermanent()) {
      send.drop(refusal);
      return;
    }
    giveUp(send.tryFailed(error, refusal.maybeStored()), failed -> refusal);
  }

  private void tryAgain(List<PendingSend> sends) {
    queue.putBack(sends.stream().filter(send -> !send.isDone()).toList());
    if (isPaused) return;
    isPaused = true;
    loop.after(
        backoff.nextMs(),
        () -> {
          isPaused = false;
          pump();
        });
  }

  private void giveUpLate() {
    long nowMs = Loop.nowMs();
    for (PendingSend send : pending) {
      if (send.deadlineAtMs <= nowMs) giveUp(send, SendErrors::late);
    }
    if (queue.size() > pending.size()) queue.sweep();
  }

  private void forget(PendingSend send) {
    pending.remove(send);
    if (!pending.isEmpty()) return;
    Loop.cancel(deadlineTimer);
    Loop.cancel(delay);
    deadlineTimer = null;
    delay = null;
  }
}
