package io.dlqservice.dlq;

import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Daemon threads of a client. */
final class Threads {
  private static final long IDLE_S = 10;

  private Threads() {}

  static ThreadFactory daemons(String name) {
    return daemons(name, thread -> {});
  }

  /**
   * @param onMade called with each thread
   */
  static ThreadFactory daemons(String name, Consumer<Thread> onMade) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      onMade.accept(thread);
      return thread;
    };
  }

  /** One thread per task: a virtual one on Java 21 and newer. */
  static ExecutorService perTask(String name) {
    return virtual(name).orElseGet(() -> Executors.newCachedThreadPool(daemons(name)));
  }

  /** Like {@link #perTask}, but at most {@code most} threads if they are not virtual. */
  static ExecutorService perTaskUpTo(String name, int most) {
    return virtual(name).orElseGet(() -> pool(name, most, Integer.MAX_VALUE));
  }

  private static Optional<ExecutorService> virtual(String name) {
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      type.getMethod("name", String.class, long.class).invoke(builder, name + "-", 1L);
      ThreadFactory virtual = (ThreadFactory) type.getMethod("factory").invoke(builder);
      Object executor =
          Executors.class
              .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
              .invoke(null, virtual);
      return Optional.of((ExecutorService) executor);
    } catch (ReflectiveOperationException olderJava) {
      return Optional.empty();
    }
  }

  /**
   * One thread, which ends when idle.
   *
   * @param maxWaiting limit of waiting tasks; more are rejected
   */
  static ExecutorService single(String name, int maxWaiting) {
    return pool(name, 1, maxWaiting);
  }

  private static ExecutorService pool(String name, int threads, int maxWaiting) {
    LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>(maxWaiting);
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(threads, threads, IDLE_S, TimeUnit.SECONDS, waiting, daemons(name));
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
