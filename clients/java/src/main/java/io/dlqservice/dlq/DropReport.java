package io.dlqservice.dlq;

import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports dropped messages: to the listener, else to the log, the first at once, then at most one
 * line a second with their number. The drop of a message that the listener sends goes to the log,
 * and of one that the logger sends nowhere: it would be sent and dropped again and again.
 */
final class DropReport {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long LINE_EVERY_MS = 1_000;

  private final Loop loop;
  private final Listeners listeners;
  private final Listeners logLines;

  /** Null to log. */
  private final BiConsumer<DlqException, String> listener;

  /** True in a thread that runs the listener. */
  private final ThreadLocal<Boolean> isInListener = ThreadLocal.withInitial(() -> false);

  /** True in a thread that logs drops. */
  private final ThreadLocal<Boolean> isInLogger = ThreadLocal.withInitial(() -> false);

  private int unreported;
  private DlqException latest;
  private String latestQueue;

  /** A line is being logged, or the next one is timed. */
  private boolean isWaiting;

  /**
   * @param listener null to log
   */
  DropReport(
      Loop loop,
      Listeners listeners,
      Listeners logLines,
      BiConsumer<DlqException, String> listener) {
    this.loop = loop;
    this.listeners = listeners;
    this.logLines = logLines;
    this.listener = listener;
  }

  void report(DlqException error, String queue) {
    if (listener == null) log(error, queue);
    else listeners.call(within(isInListener, () -> listener.accept(error, queue)));
  }

  /**
   * Logs that a delivery was not sent to a queue. Its outcome is decided, so that nothing else says
   * it.
   */
  void reportTooLate(HeldDelivery delivery, String queue) {
    logLines.call(
        () ->
            LOG.error(
                "the send of message {} of queue \"{}\" to queue \"{}\" was dropped after the end"
                    + " of its handler: the message may be lost; wait for the send in the handler",
                delivery.id(),
                delivery.queue(),
                queue));
  }

  private static Runnable within(ThreadLocal<Boolean> flag, Runnable call) {
    return () -> {
      flag.set(true);
      try {
        call.run();
      } finally {
        flag.remove();
      }
    };
  }

  /** Where a drop of a message is reported that this thread sends now. */
  BiConsumer<DlqException, String> reportOfSend() {
    if (isInLogger.get()) return (error, queue) -> {};
    return isInListener.get() ? this::log : this::report;
  }

  private void log(DlqException error, String queue) {
    if (add(error, queue)) logLine();
  }

  /**
   * @return whether to log a line now
   */
  private synchronized boolean add(DlqException error, String queue) {
    unreported++;
    latest = error;
    latestQueue = queue;
    boolean isNow = !isWaiting;
    isWaiting = true;
    return isNow;
  }

  /** Logs what is not yet logged. A closed loop runs no timers: call this after closing it. */
  void flush() {
    logLine();
  }

  /** Without a timer, drops that come meanwhile are logged at once. */
  private void logLine() {
    boolean isTimed = false;
    while (!isTimed) {
      Runnable line = takeLine();
      if (line == null) return;
      logLines.call(within(isInLogger, line));
      isTimed = loop.after(LINE_EVERY_MS, this::logLine) != null;
    }
  }

  /** Returns null if there is nothing to log. */
  private synchronized Runnable takeLine() {
    isWaiting = unreported > 0;
    if (!isWaiting) return null;
    String dropped =
        unreported > 1 ? "dropped " + unreported + " messages, the last" : "dropped a message";
    unreported = 0;
    String queue = latestQueue;
    DlqException error = latest;
    return () ->
        LOG.error("{} for queue \"{}\" ({}): {}", dropped, queue, error.kind(), error.getMessage());
  }
}
