package io.dlqservice.dlq;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the user's listeners, one after another, on a thread where they hold up nothing else. */
final class Listeners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final ExecutorService executor = Threads.single("dlq-client-listeners");

  void tell(Runnable call) {
    try {
      executor.execute(() -> guarded(call));
    } catch (RejectedExecutionException closed) {
      guarded(call); // by close itself
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
