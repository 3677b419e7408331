package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.spool.SpoolResult;
import java.util.concurrent.CompletableFuture;

/** Keeps send requests that the service did not accept in time. */
interface SendSpool {
  long maxBytes();

  /** The future never completes exceptionally. */
  CompletableFuture<SpoolResult> keep(SendRequest request);

  /** Logs why kept requests could not be sent. */
  void warn(CallError error);
}
