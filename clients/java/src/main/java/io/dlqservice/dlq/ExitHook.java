package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Moves pending sends to the spool, and reports drops, when the program ends without closing the
 * client. It does not stop workers: the program may have its own hook for that.
 */
final class ExitHook implements AutoCloseable {
  private static final long MAX_WAIT_MS = 2_000;

  private final Thread thread;

  /**
   * @param giveUp completes when nothing is pending
   */
  ExitHook(Supplier<CompletableFuture<Void>> giveUp) {
    thread =
        new Thread(
            () ->
                giveUp
                    .get()
                    .copy()
                    .completeOnTimeout(null, MAX_WAIT_MS, TimeUnit.MILLISECONDS)
                    .join(),
            "dlq-client-exit");
    try {
      Runtime.getRuntime().addShutdownHook(thread);
    } catch (IllegalStateException jvmEnds) {
      // too late for this client
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(thread);
    } catch (IllegalStateException jvmEnds) {
      // the JVM is ending
    }
  }
}
