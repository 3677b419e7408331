package io.dlqservice.dlq;

/**
 * When a pass over the spool has to end for the sake of what it has left: there may be ever more
 * others. What the pass before had left comes first, and takes nothing of the time of others.
 */
final class PassTime {
  private static final long NOT_YET = Long.MIN_VALUE;

  private final long mostMs;
  private int leftBefore;
  private int tried;
  private int left;
  private long othersBeganAtMs = NOT_YET;

  /**
   * @param mostMs for others, while something is left
   */
  PassTime(long mostMs) {
    this.mostMs = mostMs;
  }

  void begins() {
    leftBefore = left;
    tried = 0;
    left = 0;
    othersBeganAtMs = NOT_YET;
  }

  /**
   * @param again how many of the letters are to be tried again
   */
  void tried(int letters, int again, long nowMs) {
    tried += letters;
    left += again;
    if (othersBeganAtMs == NOT_YET && tried > leftBefore) othersBeganAtMs = nowMs;
  }

  boolean isOver(long nowMs) {
    return left > 0 && othersBeganAtMs != NOT_YET && nowMs - othersBeganAtMs >= mostMs;
  }
}
