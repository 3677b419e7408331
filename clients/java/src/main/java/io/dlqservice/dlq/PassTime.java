package io.dlqservice.dlq;

/**
 * Decides when a pass over the spool ends because refused messages wait for a retry. New messages
 * may come without end. The time starts once the messages that the last pass left have been tried.
 */
final class PassTime {
  private static final long NOT_STARTED = Long.MIN_VALUE;

  private final long maxMs;
  private int leftBefore;
  private int tried;
  private int left;
  private long startedAtMs = NOT_STARTED;

  /**
   * @param maxMs how long other messages are sent while refused ones wait
   */
  PassTime(long maxMs) {
    this.maxMs = maxMs;
  }

  void begins() {
    leftBefore = left;
    tried = 0;
    left = 0;
    startedAtMs = NOT_STARTED;
  }

  /**
   * @param refused how many of the messages need a retry
   */
  void tried(int messages, int refused, long nowMs) {
    tried += messages;
    left += refused;
    if (startedAtMs == NOT_STARTED && tried > leftBefore) startedAtMs = nowMs;
  }

  boolean isOver(long nowMs) {
    return left > 0 && startedAtMs != NOT_STARTED && nowMs - startedAtMs >= maxMs;
  }
}
