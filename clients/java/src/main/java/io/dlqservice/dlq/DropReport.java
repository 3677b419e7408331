package io.dlqservice.dlq;

import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports dropped messages: to the listener, else to the log, the first at once, then at most one
 * line a second with their number. A message that the listener itself sends goes to the log: it
 * would be sent and dropped again and again.
 */
final class DropReport {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long LINE_EVERY_MS = 1_000;

  private final Loop loop;
  private final Listeners listeners;

  /** Null to log. */
  private final BiConsumer<DlqException, String> listener;

  /** True in a thread that runs the listener. */
  private final ThreadLocal<Boolean> isInListener = ThreadLocal.withInitial(() -> false);

  private int unreported;
  private DlqException latest;
  private String latestQueue;
  private boolean isWaiting;

  /**
   * @param listener null to log
   */
  DropReport(Loop loop, Listeners listeners, BiConsumer<DlqException, String> listener) {
    this.loop = loop;
    this.listeners = listeners;
    this.listener = listener;
  }

  void report(DlqException error, String queue) {
    if (listener == null) log(error, queue);
    else listeners.call(() -> callListener(error, queue));
  }

  /**
   * Logs that a delivery was not sent to a queue. Its outcome is decided, so that nothing else says
   * it.
   */
  void reportTooLate(HeldDelivery delivery, String queue) {
    listeners.call(
        () ->
            LOG.error(
                "the send of message {} of queue \"{}\" to queue \"{}\" was dropped after the end"
                    + " of its handler: the message may be lost; wait for the send in the handler",
                delivery.id(),
                delivery.queue(),
                queue));
  }

  private void callListener(DlqException error, String queue) {
    isInListener.set(true);
    try {
      listener.accept(error, queue);
    } finally {
      isInListener.remove();
    }
  }

  /** Where a drop of a message is reported that this thread sends now. */
  BiConsumer<DlqException, String> reportOfSend() {
    return isInListener.get() ? this::log : this::report;
  }

  private synchronized void log(DlqException error, String queue) {
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
