package io.dlqservice.dlq;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One call of a handler, for one delivery or a batch. It is cancelled when all its deliveries are:
 * a batch with one lost lease continues for the others.
 */
final class HandlerRun {
  private final List<HeldDelivery> batch;
  private volatile List<HeldDelivery> called = List.of();
  private volatile long beganNs;

  /** The latest outcome that the program made in the thread of the handler; null for none. */
  Outcome made;

  /** Null before and after the call. */
  private Thread thread;

  HandlerRun(List<HeldDelivery> batch) {
    this.batch = List.copyOf(batch);
    batch.forEach(held -> held.run = this);
  }

  List<HeldDelivery> batch() {
    return batch;
  }

  /** The deliveries that the handler was called with. */
  List<HeldDelivery> called() {
    return called;
  }

  /**
   * Begins the call in this thread. Without deliveries there is none: they were cancelled before a
   * thread was free.
   */
  synchronized List<HeldDelivery> begin() {
    beganNs = System.nanoTime();
    called = hasAborted() ? notAborted() : batch;
    if (!called.isEmpty()) thread = Thread.currentThread();
    return called;
  }

  private boolean hasAborted() {
    for (HeldDelivery held : batch) if (held.isAborted()) return true;
    return false;
  }

  private List<HeldDelivery> notAborted() {
    return batch.stream().filter(held -> !held.isAborted()).toList();
  }

  /** How long it has run. Call it after it has begun. */
  Duration ran() {
    return Duration.ofNanos(System.nanoTime() - beganNs);
  }

  /** Forgets the thread, and clears its interrupt: its next task must not get it. */
  synchronized void end() {
    thread = null;
    Thread.interrupted();
  }

  /** One of the deliveries was cancelled. */
  synchronized void aborted() {
    boolean isOver = batch.stream().allMatch(HeldDelivery::isAborted);
    if (isOver && thread != null) thread.interrupt();
  }

  /** Completes when all deliveries are cancelled. */
  CompletableFuture<Void> cancelled() {
    return CompletableFuture.allOf(
        called.stream().map(HeldDelivery::cancelled).toArray(CompletableFuture<?>[]::new));
  }
}
