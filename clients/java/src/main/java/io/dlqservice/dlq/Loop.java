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
 * A thread that runs tasks one after another, at once or later. The loop {@code dlq-client} owns
 * the state of a client, which therefore needs no locks. Blocking code and user code must not run
 * there.
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

  /** Whether the current thread is the loop's, which must not wait for itself. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  static long nowMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  @Override
  public void execute(Runnable task) {
    if (!tryExecute(task)) LOG.debug("the client is closed; skipping a late task");
  }

  /** Returns false if the loop is closed. */
  boolean tryExecute(Runnable task) {
    try {
      executor.execute(guarded(task));
      return true;
    } catch (RejectedExecutionException closed) {
      return false;
    }
  }

  /** Runs the callback on the loop. What it throws is logged. */
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

  /** Runs tasks that wait, but not those for later. */
  @Override
  public void close() {
    executor.shutdown();
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error bug) {
        logFault("a task of the client failed", bug);
      }
    };
  }

  /** Never throws, also if the logger does: a timer would not run again. */
  static void logFault(String text, Throwable fault) {
    try {
      LOG.error(text, fault);
    } catch (RuntimeException | Error loggerFailure) {
      // nothing else can report it
    }
  }
}
