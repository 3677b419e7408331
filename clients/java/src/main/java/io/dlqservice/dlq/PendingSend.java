package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/** A send without a result yet. Used on the client's loop, except for final fields. */
final class PendingSend {
  final SendRequest request;

  /** By the monotonic clock. */
  final long deadlineAtMs;

  final CompletableFuture<SendResult> result = new CompletableFuture<>();

  /** An earlier try was sent, and its effect is unknown. */
  boolean wasMaybeStored;

  /** A call with this send is active. */
  boolean isInCall;

  CallError lastError;

  /** The spool takes it now: no more calls are made for it. */
  boolean isSpooling;

  private final AtomicBoolean isSettled = new AtomicBoolean();
  private final BiConsumer<PendingSend, SendResult> onSettled;

  /**
   * @param onSettled called once, before the result completes
   */
  PendingSend(
      SendRequest request, long deadlineAtMs, BiConsumer<PendingSend, SendResult> onSettled) {
    this.request = request;
    this.deadlineAtMs = deadlineAtMs;
    this.onSettled = onSettled;
  }

  String queue() {
    return request.proto().getQueue();
  }

  /** Whether no more calls are made for it. */
  boolean isDone() {
    return isSpooling || isSettled.get();
  }

  /** Whether the server may have the message without having confirmed it. */
  boolean maybeStored() {
    return wasMaybeStored || isInCall;
  }

  /** Like {@link #maybeStored()} for a cancelled send: a spooled one is still sent. */
  boolean maybeDelivered() {
    return maybeStored() || isSpooling;
  }

  /** Sets the result. The first one counts. */
  void settle(SendResult result) {
    if (!isSettled.compareAndSet(false, true)) return;
    try {
      onSettled.accept(this, result);
    } finally {
      this.result.complete(result); // also if a logger threw
    }
  }

  void drop(DlqException error) {
    settle(new Dropped(error));
  }

  /**
   * Records a failed try.
   *
   * @param mayHaveArrived whether the server may have accepted it
   */
  PendingSend tryFailed(CallError error, boolean mayHaveArrived) {
    if (error != null && (lastError == null || !error.isUnanswered())) {
      lastError = error; // a timeout has less information
    }
    wasMaybeStored |= mayHaveArrived;
    isInCall = false;
    return this;
  }

  /** Why it was not sent in time. */
  CallError lateError() {
    return lastError == null ? CallError.UNANSWERED : lastError;
  }

  /** Sets why it is not tried: earlier calls failed. */
  void setUnavailable(CallError error) {
    if (lastError == null) lastError = error;
  }
}
