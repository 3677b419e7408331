package io.dlqservice.dlq;

import io.dlqservice.dlq.spool.Placed;
import java.util.concurrent.CompletableFuture;

/** Where sends go that the service does not take in time. */
interface Shelter {
  long maxBytes();

  /** Never completes exceptionally. */
  CompletableFuture<Placed> keep(Letter letter);

  /** Why what could not be sent waits there. */
  void tellOf(CallError error);
}
