package io.dlqservice.dlq;

/**
 * Whether the service is known to be away: two calls one after the other have failed, the second
 * one begun after the first had failed, and none has been answered since.
 */
final class Reachability {
  private static final int AWAY_AFTER = 2;

  /** Longer than the courier ever waits between two calls. */
  private static final long UNASKED_MS = 45_000;

  /** Called when an answer comes after a failure. */
  private Runnable onBack = () -> {};

  private int failures;
  private long failedAtMs = Long.MIN_VALUE;
  private CallError lastError;
  private long answeredSinceMs = Long.MIN_VALUE;

  void onBack(Runnable call) {
    onBack = call;
  }

  /**
   * The courier asks again and again for what the spool has; where it has nothing to ask for, as in
   * a spool without room, a send does after a while.
   */
  boolean isAway(long nowMs) {
    return failures >= AWAY_AFTER && nowMs - failedAtMs < UNASKED_MS;
  }

  /** Why the latest call has failed; null for none since an answer. */
  CallError lastError() {
    return lastError;
  }

  /**
   * @param beganAtMs of the call, by the monotonic clock
   */
  void failed(long beganAtMs, long nowMs, CallError error) {
    // Calls that were under way together fail together, by one fault.
    if (beganAtMs < answeredSinceMs || beganAtMs < failedAtMs) return;
    if (lastError == null || !error.isSilent()) lastError = error; // else it knows more
    failures++;
    failedAtMs = nowMs;
  }

  void answered(long beganAtMs) {
    if (heard(beganAtMs)) onBack.run();
  }

  /**
   * The same for the courier itself, which is on its way already.
   *
   * @return whether a call had failed before
   */
  boolean heard(long beganAtMs) {
    boolean wasFailing = failures > 0;
    failures = 0;
    lastError = null;
    answeredSinceMs = Math.max(answeredSinceMs, beganAtMs);
    return wasFailing;
  }
}
