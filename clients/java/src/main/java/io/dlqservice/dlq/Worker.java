package io.dlqservice.dlq;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A running worker. {@link #close()} stops it. */
public interface Worker extends AutoCloseable {
  /**
   * Completes when the worker has stopped; exceptionally with a {@link DlqException} if it failed,
   * such as when the server refuses its request.
   */
  CompletableFuture<Void> done();

  /**
   * Takes no new deliveries, waits for running handlers, reports their outcomes, and releases the
   * rest. A second call can only shorten the wait.
   *
   * @param drainTimeout how long handlers may run before they are interrupted
   * @return completes when the worker has stopped
   */
  CompletableFuture<Void> stop(Duration drainTimeout);

  /** Stops with the drain timeout of the worker's options. */
  CompletableFuture<Void> stop();

  /** Stops the worker and waits for that. Called by one of its own handlers, it does not wait. */
  @Override
  void close();
}
