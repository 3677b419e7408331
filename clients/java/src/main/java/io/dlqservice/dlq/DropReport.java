package io.dlqservice.dlq;

import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs dropped messages: the first at once, then one line a second with how many it stands for,
 * until all are told.
 */
final class DropReport implements BiConsumer<DlqException, String> {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long LINE_EVERY_MS = 1_000;

  private final Loop loop;
  private int untold;
  private DlqException latest;
  private String latestQueue;
  private boolean isWaiting;

  DropReport(Loop loop) {
    this.loop = loop;
  }

  @Override
  public synchronized void accept(DlqException error, String queue) {
    untold++;
    latest = error;
    latestQueue = queue;
    if (!isWaiting) tell();
  }

  /** Tells at once what is untold; after its loop is closed, which tells no more. */
  void flush() {
    tell();
  }

  private synchronized void tell() {
    isWaiting = false;
    if (untold == 0) return;
    String more = untold > 1 ? " (and " + (untold - 1) + " before it)" : "";
    untold = 0;
    isWaiting = true; // before: a log may drop messages of its own
    try {
      LOG.error("dropped a message for {}{}: {}", latestQueue, more, latest.getMessage());
    } catch (RuntimeException | Error ofTheLog) {
      // whoever sent it hears of it all the same
    }
    isWaiting = loop.after(LINE_EVERY_MS, this::tell) != null;
  }
}
