package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the user's listeners, or the logger, one after another, in a thread of their own: they may
 * block, also on a send of the client.
 */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /**
   * Limit of calls that wait for a slow listener. Further calls are skipped, so that memory is
   * bounded.
   */
  private static final int MAX_WAITING = 10_000;

  private static final String TOO_SLOW = "a listener or logger is too slow; skipping calls of it";

  private final ExecutorService executor;
  private final RepeatedLines repeated = new RepeatedLines();

  /** The thread that runs a listener now; null for none. */
  private volatile Thread callingThread;

  /** Completes when the latest call, and so every earlier one, has ended. */
  private CompletableFuture<Void> latest = CompletableFuture.completedFuture(null);

  /**
   * @param thread its name
   */
  Listeners(String thread) {
    executor = Threads.single(thread, MAX_WAITING);
  }

  void call(Runnable listener) {
    try {
      take(listener);
    } catch (RejectedExecutionException refused) {
      if (executor.isShutdown()) guarded(listener); // during the close
      else if (repeated.mayLog(TOO_SLOW, Loop.nowMs()))
        Threads.daemons("dlq-client-slow").newThread(() -> LOG.warn(TOO_SLOW)).start();
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
    if (!isCurrent()) ended().join();
  }

  /** Completes when every earlier call has ended. */
  synchronized CompletableFuture<Void> ended() {
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
      Loop.logFault("a listener threw", thrown);
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
