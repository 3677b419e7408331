package io.dlqservice.dlq;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log why something waits in the spool: somebody has to mend it, such as a token or an
 * address, and nothing else would say so.
 */
final class WaitReport {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final long TELL_EVERY_MS = TimeUnit.MINUTES.toMillis(1);

  private final Loop road;
  private long tellAgainAtMs = Long.MIN_VALUE;

  /**
   * @param road where a log may block
   */
  WaitReport(Loop road) {
    this.road = road;
  }

  void tellOf(CallError error) {
    if (!isTimeToTell()) return;
    boolean isRefusal = !error.isWorthAgain();
    String what = isRefusal ? "is refused" : "can't be delivered";
    String words = isRefusal ? error.refusal(true).getMessage() : error.words();
    road.execute(() -> LOG.warn("the spool keeps what {}: {}", what, words));
  }

  private synchronized boolean isTimeToTell() {
    long nowMs = Loop.nowMs();
    if (nowMs < tellAgainAtMs) return false;
    tellAgainAtMs = nowMs + TELL_EVERY_MS;
    return true;
  }
}
