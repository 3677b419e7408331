package io.dlqservice.dlq;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A running worker. {@link #close()} stops it. */
public interface Worker extends AutoCloseable {
  /**
   * Completes when it has stopped; exceptionally, with a {@link DlqException}, if the server
   * refuses what it asks for.
   */
  CompletableFuture<Void> done();

  /**
   * Takes nothing new, waits for running handlers, reports their outcomes, and gives the rest back.
   * Called again it can only hasten the end.
   *
   * @param drainTimeout how long handlers may take before they are interrupted
   * @return completes when it has stopped
   */
  CompletableFuture<Void> stop(Duration drainTimeout);

  /** The same, with the drain timeout of the worker's options. */
  CompletableFuture<Void> stop();

  /** Stops, and waits for it; one of its own handlers, for which it waits, does not. */
  @Override
  void close();
}
