package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.spool.SpoolStore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs why messages wait in the spool, at most once a minute. The cause, such as a wrong token or
 * address, may need a fix by an operator. Logs once when none waits any more.
 */
final class SpoolWarning {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long WARN_EVERY_MS = TimeUnit.MINUTES.toMillis(1);

  private final Loop loop;
  private final SpoolStore store;
  private long warnAgainAtMs = Long.MIN_VALUE;
  private boolean isOpen; // used in the loop

  /**
   * @param loop where the log and the store may block
   */
  SpoolWarning(Loop loop, SpoolStore store) {
    this.loop = loop;
    this.store = store;
  }

  void warn(CallError error) {
    if (!isTimeToWarn()) return;
    String reason = error.descriptionWithAdvice();
    loop.execute(() -> log(reason));
  }

  private void log(String reason) {
    int count = store.count();
    if (count > 0) {
      isOpen = true;
      LOG.warn(
          "messages wait in the spool for {} ({}): {}; retrying", store.target(), count, reason);
    } else {
      allowNext(); // they were sent meanwhile
    }
  }

  /** No message waits. Logs it if the last line said that some do. Call it in the loop. */
  void emptied() {
    if (!isOpen) return;
    isOpen = false;
    LOG.info("the spool for {} is empty again", store.target());
  }

  private synchronized boolean isTimeToWarn() {
    long nowMs = Loop.nowMs();
    if (nowMs < warnAgainAtMs) return false;
    warnAgainAtMs = nowMs + WARN_EVERY_MS;
    return true;
  }

  private synchronized void allowNext() {
    warnAgainAtMs = Long.MIN_VALUE;
  }
}
