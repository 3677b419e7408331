package io.dlqservice.dlq;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What a client does when the program ends without closing it: what is pending goes to the spool.
 * Workers are left as they are, for the program may have a hook of its own that waits for them.
 */
final class ExitHook implements AutoCloseable {
  private static final long MOST_WAIT_MS = 2_000;

  private final Thread thread;

  /**
   * @param giveUp completes when nothing is pending any more
   */
  ExitHook(Supplier<CompletableFuture<Void>> giveUp) {
    thread =
        new Thread(
            () ->
                giveUp
                    .get()
                    .copy()
                    .completeOnTimeout(null, MOST_WAIT_MS, TimeUnit.MILLISECONDS)
                    .join(),
            "dlq-client-exit");
    try {
      Runtime.getRuntime().addShutdownHook(thread);
    } catch (IllegalStateException itEndsAlready) {
      // then it is too late for this client
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(thread);
    } catch (IllegalStateException itEndsAlready) {
      // it waits for what this close waits for
    }
  }
}
