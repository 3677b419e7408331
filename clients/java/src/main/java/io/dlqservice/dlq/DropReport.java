package io.dlqservice.dlq;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs dropped messages: the first at once, then at most one line a second with their number. */
final class DropReport {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long LINE_EVERY_MS = 1_000;

  private final Loop loop;
  private int unreported;
  private DlqException latest;
  private String latestQueue;
  private boolean isWaiting;

  DropReport(Loop loop) {
    this.loop = loop;
  }

  synchronized void report(DlqException error, String queue) {
    unreported++;
    latest = error;
    latestQueue = queue;
    if (!isWaiting) logLine();
  }

  /** Logs what is not yet logged. A closed loop runs no timers: call this after closing it. */
  void flush() {
    logLine();
  }

  private synchronized void logLine() {
    isWaiting = false;
    if (unreported == 0) return;
    String dropped =
        unreported > 1 ? "dropped " + unreported + " messages, the last" : "dropped a message";
    unreported = 0;
    isWaiting = true; // set first: a logger may drop messages itself
    try {
      LOG.error(
          "{} for queue \"{}\" ({}): {}", dropped, latestQueue, latest.kind(), latest.getMessage());
    } catch (RuntimeException | Error loggerFailure) {
      // the sender still gets the error as its result
    }
    isWaiting = loop.after(LINE_EVERY_MS, this::logLine) != null;
  }
}
