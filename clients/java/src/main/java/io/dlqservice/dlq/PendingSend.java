package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/** One send that has no result yet. Belongs to the client's loop, save what is final. */
final class PendingSend {
  final Letter letter;

  /** By the monotonic clock. */
  final long deadlineAtMs;

  final CompletableFuture<SendResult> result = new CompletableFuture<>();

  /** An earlier try went out, and its effect is not known. */
  boolean wasMaybeStored;

  /** A try is out. */
  boolean isOut;

  /** Why the latest try failed. */
  CallError lastError;

  /** It is on its way to the spool, and no longer to the server. */
  boolean isLeaving;

  private final AtomicBoolean isSettled = new AtomicBoolean();
  private final BiConsumer<PendingSend, SendResult> onSettled;

  /**
   * @param onSettled called once, before whoever waits for the result hears of it
   */
  PendingSend(Letter letter, long deadlineAtMs, BiConsumer<PendingSend, SendResult> onSettled) {
    this.letter = letter;
    this.deadlineAtMs = deadlineAtMs;
    this.onSettled = onSettled;
  }

  String queue() {
    return letter.request().getQueue();
  }

  /** Nothing more is to be done for it. */
  boolean isGone() {
    return isLeaving || isSettled.get();
  }

  /** The server may have it, although no answer says so. */
  boolean maybeStored() {
    return wasMaybeStored || isOut;
  }

  /** The same where nobody waits for it any more: what is on its way to the spool is delivered. */
  boolean maybeDelivered() {
    return maybeStored() || isLeaving;
  }

  /** The first result counts. */
  void settle(SendResult result) {
    if (!isSettled.compareAndSet(false, true)) return;
    try {
      onSettled.accept(this, result);
    } finally {
      this.result.complete(result); // whatever a log does: somebody waits for it
    }
  }

  void drop(DlqException error) {
    settle(new Dropped(error));
  }

  /**
   * A try has failed.
   *
   * @param mayHaveArrived whether it may have had its effect all the same
   */
  PendingSend tried(CallError error, boolean mayHaveArrived) {
    if (error != null && (lastError == null || !error.isSilent())) {
      lastError = error; // else the earlier one knows more, such as of a certificate
    }
    wasMaybeStored |= mayHaveArrived;
    isOut = false;
    return this;
  }

  /** Why it was not sent in time. */
  CallError whyLate() {
    return lastError == null ? CallError.UNANSWERED : lastError;
  }

  /** It goes without a try of its own, for what calls before it have met. */
  void isHeldBackBy(CallError error) {
    if (lastError == null) lastError = error;
  }
}
