package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the user's listeners one after another, in a thread of their own. */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /**
   * Limit of calls that wait for a slow listener. Further calls are skipped, so that memory is
   * bounded.
   */
  private static final int MAX_WAITING = 10_000;

  private final ExecutorService executor = Threads.single("dlq-client-listeners", MAX_WAITING);
  private final AtomicBoolean isBehind = new AtomicBoolean();

  /** The thread that runs a listener now; null for none. */
  private volatile Thread callingThread;

  /** Completes when the latest call, and so every earlier one, has ended. */
  private CompletableFuture<Void> latest = CompletableFuture.completedFuture(null);

  void call(Runnable listener) {
    try {
      take(listener);
      isBehind.set(false);
    } catch (RejectedExecutionException refused) {
      if (executor.isShutdown()) guarded(listener); // during the close
      else if (!isBehind.getAndSet(true)) LOG.warn("a listener is too slow; skipping calls of it");
    }
  }

  private synchronized void take(Runnable listener) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            run(listener);
          } finally {
            done.complete(null);
          }
        });
    latest = done;
  }

  /** Returns when every earlier call has ended; at once if a listener calls this. */
  void flush() {
    if (!isCurrent()) latest().join();
  }

  private synchronized CompletableFuture<Void> latest() {
    return latest;
  }

  /** Whether the current thread runs a listener. */
  boolean isCurrent() {
    return Thread.currentThread() == callingThread;
  }

  private void run(Runnable listener) {
    callingThread = Thread.currentThread();
    try {
      guarded(listener);
    } finally {
      callingThread = null;
    }
  }

  private static void guarded(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException | Error thrown) {
      LOG.error("a listener threw", thrown);
    }
  }

  /**
   * Runs the waiting calls first, for up to {@code maxMs}. Does not wait if a listener calls this.
   */
  void close(long maxMs) {
    executor.shutdown();
    if (isCurrent()) return;
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(maxMs);
    boolean isInterrupted = false;
    boolean isDone = false;
    while (!isDone) {
      try {
        executor.awaitTermination(endNs - System.nanoTime(), TimeUnit.NANOSECONDS);
        isDone = true;
      } catch (InterruptedException interrupted) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) Thread.currentThread().interrupt();
  }
}
