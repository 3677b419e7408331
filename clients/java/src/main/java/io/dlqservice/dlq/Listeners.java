package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the user's listeners, one after another, on a thread where they hold up nothing else. */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** What waits for a listener that is slow: more is left out, so that memory is bounded. */
  private static final int MOST_WAITING = 10_000;

  private final ExecutorService executor = Threads.single("dlq-client-listeners", MOST_WAITING);
  private final AtomicBoolean isBehind = new AtomicBoolean();

  /** Where one is called at present; null for nowhere. */
  private volatile Thread teller;

  /** Completes once the latest call that was taken is over, and so all before it. */
  private CompletableFuture<Void> latest = CompletableFuture.completedFuture(null);

  void tell(Runnable call) {
    try {
      take(call);
      isBehind.set(false);
    } catch (RejectedExecutionException refused) {
      if (executor.isShutdown()) guarded(call); // by close itself
      else if (!isBehind.getAndSet(true))
        LOG.warn("a listener is too slow, and is not told of all");
    }
  }

  private synchronized void take(Runnable call) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            told(call);
          } finally {
            over.complete(null);
          }
        });
    latest = over;
  }

  /** Returns when they have heard of all of before; at once to one that calls this. */
  void flush() {
    if (!isCurrent()) latest().join();
  }

  private synchronized CompletableFuture<Void> latest() {
    return latest;
  }

  /** Whether this is the thread of listeners. */
  boolean isCurrent() {
    return Thread.currentThread() == teller;
  }

  private void told(Runnable call) {
    teller = Thread.currentThread();
    try {
      guarded(call);
    } finally {
      teller = null;
    }
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error thrown) {
      LOG.error("a listener of the client threw", thrown);
    }
  }

  /**
   * What they were not told of yet they hear first: the program may end right after. A listener
   * that calls this is not waited for.
   */
  void close(long mostMs) {
    executor.shutdown();
    if (isCurrent()) return;
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(mostMs);
    boolean isInterrupted = false;
    boolean isOver = false;
    while (!isOver) {
      try {
        executor.awaitTermination(endNs - System.nanoTime(), TimeUnit.NANOSECONDS);
        isOver = true;
      } catch (InterruptedException notNow) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) Thread.currentThread().interrupt();
  }
}
