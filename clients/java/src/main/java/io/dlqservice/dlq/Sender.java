package io.dlqservice.dlq;

import io.dlqservice.dlq.SendCall.Answer;
import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.spool.Placed;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Sends that come together go in one call. With no call under way the first goes at once; else
 * sends collect until a call is answered, a call is full, or {@code maxDelay} has passed. While the
 * server can't be reached all wait, and one call after another finds out; once it is known to be
 * away, sends go to the shelter at once.
 */
final class Sender {
  private static final long FIRST_PAUSE_MS = 20;
  private static final long MOST_PAUSE_MS = 1_000;

  /** How late a deadline may be noticed: one look over all sends instead of a timer each. */
  private static final long LOOK_EVERY_MS = 25;

  private final Loop loop;
  private final Line line;
  private final Reachability reachability;

  /** Null: what can't be sent in time is dropped. */
  private final Shelter shelter;

  private final CoalesceOptions coalesce;
  private final long tryTimeoutMs;
  private final BiConsumer<DlqException, String> onDropped;
  private final SendQueue queue = new SendQueue();
  private final Set<PendingSend> pending = new LinkedHashSet<>();
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  private final AtomicInteger pendingCount = new AtomicInteger();
  private final AtomicLong pendingBytes = new AtomicLong();
  private boolean isClosed;
  private int calls;
  private boolean isScheduled;
  private boolean isPaused;
  private ScheduledFuture<?> delay;
  private ScheduledFuture<?> look;

  Sender(
      Loop loop,
      Line line,
      Reachability reachability,
      Shelter shelter,
      CoalesceOptions coalesce,
      long tryTimeoutMs,
      BiConsumer<DlqException, String> onDropped) {
    this.loop = loop;
    this.line = line;
    this.reachability = reachability;
    this.shelter = shelter;
    this.coalesce = coalesce;
    this.tryTimeoutMs = tryTimeoutMs;
    this.onDropped = onDropped;
  }

  /** From any thread. */
  PendingSend add(Letter letter, long timeoutMs) {
    PendingSend send = new PendingSend(letter, Loop.nowMs() + timeoutMs, this::leave);
    int before = pendingCount.getAndIncrement();
    long bytes = pendingBytes.addAndGet(letter.bytes());
    boolean isRoom = before < coalesce.maxPendingMessages && bytes <= coalesce.maxPendingBytes;
    if (!isRoom && shelter == null) {
      send.drop(SendErrors.bufferFull(before, letter, coalesce.maxPendingBytes));
    } else if (!loop.tryExecute(() -> admit(send, isRoom))) {
      send.drop(SendErrors.closed());
    }
    return send;
  }

  private void leave(PendingSend send, SendResult result) {
    pendingCount.decrementAndGet();
    pendingBytes.addAndGet(-send.letter.bytes());
    if (result instanceof Dropped dropped) onDropped.accept(dropped.error(), send.queue());
    loop.execute(() -> forget(send));
  }

  private void admit(PendingSend send, boolean isRoom) {
    if (send.isGone()) return;
    if (isClosed) {
      send.drop(SendErrors.closed());
      return;
    }
    pending.add(send);
    boolean isAway = reachability.isAway(Loop.nowMs());
    if (shelter != null && (!isRoom || isAway)) {
      if (isAway) send.isHeldBackBy(reachability.lastError());
      shelter(send);
      return;
    }
    queue.push(send);
    if (look == null) look = loop.every(LOOK_EVERY_MS, this::giveUpLate);
    if (calls == 0 || isFull()) schedule();
    else if (delay == null) delay = loop.after(coalesce.maxDelayMs, this::onDelay);
  }

  /** Completes when every send of before has its result. */
  CompletableFuture<Void> flush() {
    return whenAllHaveResults(() -> {});
  }

  /** Waits no longer for what is pending, which goes to the shelter. */
  CompletableFuture<Void> giveUpAll() {
    return whenAllHaveResults(
        () -> List.copyOf(pending).forEach(send -> giveUp(send, SendErrors::closedBefore)));
  }

  /** The same, and what comes from now on, by threads that did not know, is dropped. */
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

  /** The caller wants it no more. */
  void cancel(PendingSend send) {
    loop.execute(() -> send.drop(SendErrors.aborted(send)));
  }

  private void giveUp(PendingSend send, Function<PendingSend, DlqException> error) {
    if (send.isGone()) return;
    if (shelter == null) send.drop(error.apply(send));
    else shelter(send);
  }

  private void shelter(PendingSend send) {
    send.isLeaving = true;
    CallError why = send.deadlineAtMs <= Loop.nowMs() ? send.whyLate() : send.lastError;
    loop.whenDone(
        shelter.keep(send.letter),
        (placed, never) -> {
          switch (placed) {
            case FULL -> send.drop(SendErrors.spoolFull(send, shelter.maxBytes()));
            case TOO_LONG -> send.drop(SendErrors.tooLongForTheSpool(send));
            default -> {
              if (why != null) shelter.tellOf(why);
              send.settle(new Spooled(placed == Placed.DISK));
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

  /** Makes one call of what is there, and more calls only of what fills them. */
  private void pump() {
    boolean goes = true;
    while (!isPaused && calls < coalesce.maxCalls && (goes || isFull())) {
      goes = false;
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
      send.isOut = true;
      longestMs = Math.max(longestMs, send.deadlineAtMs - beganAtMs);
      requests.add(send.letter.request());
    }
    Connection connection = line.connection();
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
    SendCall.withoutService(answers)
        .ifPresentOrElse(
            error -> reachability.failed(beganAtMs, Loop.nowMs(), error),
            () -> reachability.answered(beganAtMs));
    List<PendingSend> again = new ArrayList<>();
    for (int at = 0; at < sends.size(); at++) {
      PendingSend send = sends.get(at);
      Answer answer = at < answers.size() ? answers.get(at) : null;
      if (answer != null && answer.response() != null) {
        send.settle(SendCall.stored(answer.response(), send.queue()));
      } else if (answer != null && !answer.error().isWorthAgain()) {
        refuse(send, answer.error());
      } else {
        again.add(send.tried(answer == null ? null : answer.error(), true));
      }
    }
    if (again.isEmpty()) backoff.reset();
    else tryAgain(again);
  }

  private void failed(
      List<PendingSend> sends, Connection connection, CallError error, long beganAtMs) {
    line.failed(connection, error);
    if (error.isAnswer()) reachability.answered(beganAtMs);
    else reachability.failed(beganAtMs, Loop.nowMs(), error);
    if (error.isWorthAgain()) {
      boolean mayHaveArrived = !error.neverArrived();
      sends.forEach(send -> send.tried(error, mayHaveArrived));
      tryAgain(sends);
    } else if (sends.size() > 1 && error.isOfTheWholeCall()) {
      // One of them spoils it for all; the halves find out which.
      int middle = sends.size() / 2;
      call(sends.subList(0, middle));
      call(sends.subList(middle, sends.size()));
    } else {
      sends.forEach(send -> refuse(send, error));
    }
  }

  /** What is refused for now waits where it can. */
  private void refuse(PendingSend send, CallError error) {
    DlqException refusal = error.refusal(send.wasMaybeStored);
    if (send.isGone()) { // to the shelter, say, which hears it too
      send.tried(error, refusal.maybeStored());
      return;
    }
    if (error.isForGood()) {
      send.drop(refusal);
      return;
    }
    giveUp(send.tried(error, refusal.maybeStored()), tried -> refusal);
  }

  private void tryAgain(List<PendingSend> sends) {
    queue.putBack(sends.stream().filter(send -> !send.isGone()).toList());
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
    Loop.cancel(look);
    Loop.cancel(delay);
    look = null;
    delay = null;
  }
}
