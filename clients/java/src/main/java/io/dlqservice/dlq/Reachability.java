package io.dlqservice.dlq;

import java.util.Optional;

/**
 * Whether the service is unavailable: it is after two failed calls, the second started after the
 * first failed, with no answer since. May be used in any thread.
 */
final class Reachability {
  private static final int FAILURES_UNTIL_UNAVAILABLE = 2;

  /**
   * 45 s after the last failed call, the next send is a probe. An empty or full spool makes no
   * calls; any other makes them more often.
   */
  private static final long PROBE_AFTER_MS = 45_000;

  private Runnable onAvailable = () -> {};

  private int failures;
  private long failedAtMs = Long.MIN_VALUE;
  private CallError lastError;
  private long answeredSinceMs = Long.MIN_VALUE;

  /** Sets what is called when a call is answered after a failure. */
  void onAvailable(Runnable call) {
    onAvailable = call;
  }

  synchronized boolean isUnavailable(long nowMs) {
    return failures >= FAILURES_UNTIL_UNAVAILABLE && nowMs - failedAtMs < PROBE_AFTER_MS;
  }

  /** Why the service is unavailable; empty if it is available. */
  synchronized Optional<CallError> whyUnavailable(long nowMs) {
    return isUnavailable(nowMs) ? Optional.of(lastError) : Optional.empty();
  }

  /** Why the latest call failed; null if none failed since an answer. */
  synchronized CallError lastError() {
    return lastError;
  }

  /**
   * @param beganAtMs when the call started, by the monotonic clock
   */
  synchronized void failed(long beganAtMs, long nowMs, CallError error) {
    // Concurrent calls that fail together count as one failure.
    if (beganAtMs < answeredSinceMs || beganAtMs < failedAtMs) return;
    if (lastError == null || !error.isUnanswered())
      lastError = error; // a timeout has less information
    failures++;
    failedAtMs = nowMs;
  }

  void answered(long beganAtMs) {
    if (recordAnswer(beganAtMs)) onAvailable.run();
  }

  /**
   * Like {@link #answered}, without a notification.
   *
   * @return whether a call had failed before
   */
  synchronized boolean recordAnswer(long beganAtMs) {
    boolean wasFailing = failures > 0;
    failures = 0;
    lastError = null;
    answeredSinceMs = Math.max(answeredSinceMs, beganAtMs);
    return wasFailing;
  }
}
