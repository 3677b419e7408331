package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread on which tasks run one after another, at once or later. The one named {@code dlq-client}
 * is where a client changes its state, so that nothing needs locks: nothing that blocks runs there,
 * and no code of the user's.
 */
final class Loop implements Executor, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final ScheduledThreadPoolExecutor executor;
  private volatile Thread thread;

  Loop(String name) {
    executor = new ScheduledThreadPoolExecutor(1, Threads.daemons(name, made -> thread = made));
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Whether this is its thread, which must not wait for itself. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  static long nowMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  @Override
  public void execute(Runnable task) {
    if (!tryExecute(task)) LOG.debug("the client is closed; a late task is left out");
  }

  /** Gives false where the client is closed. */
  boolean tryExecute(Runnable task) {
    try {
      executor.execute(guarded(task));
      return true;
    } catch (RejectedExecutionException closed) {
      return false;
    }
  }

  /** What the callback throws is logged, and not swallowed by a future that nobody looks at. */
  <T> void whenDone(CompletableFuture<T> future, BiConsumer<T, Throwable> callback) {
    future.whenComplete((result, thrown) -> execute(() -> callback.accept(result, thrown)));
  }

  ScheduledFuture<?> after(long delayMs, Runnable task) {
    try {
      return executor.schedule(guarded(task), delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      return null;
    }
  }

  ScheduledFuture<?> every(long periodMs, Runnable task) {
    return executor.scheduleWithFixedDelay(
        guarded(task), periodMs, periodMs, TimeUnit.MILLISECONDS);
  }

  static void cancel(ScheduledFuture<?> timer) {
    if (timer != null) timer.cancel(false);
  }

  /** What is there already is still done; what is to be done later is not. */
  @Override
  public void close() {
    executor.shutdown();
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error bug) {
        tellOf(bug);
      }
    };
  }

  private static void tellOf(Throwable bug) {
    try {
      LOG.error("a task of the client failed", bug);
    } catch (RuntimeException | Error ofTheLog) {
      // nobody is left to tell, and a timer that throws is not called again
    }
  }
}
