package io.dlqservice.dlq;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the user's listeners, one after another, on a thread where they hold up nothing else. */
final class Listeners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** What waits for a listener that is slow: more is left out, so that memory is bounded. */
  private static final int MOST_WAITING = 10_000;

  private final ExecutorService executor = Threads.single("dlq-client-listeners", MOST_WAITING);
  private final AtomicBoolean isBehind = new AtomicBoolean();

  void tell(Runnable call) {
    try {
      executor.execute(() -> guarded(call));
      isBehind.set(false);
    } catch (RejectedExecutionException refused) {
      if (executor.isShutdown()) guarded(call); // by close itself
      else if (!isBehind.getAndSet(true))
        LOG.warn("a listener is too slow, and is not told of all");
    }
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error thrown) {
      LOG.error("a listener of the client threw", thrown);
    }
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
