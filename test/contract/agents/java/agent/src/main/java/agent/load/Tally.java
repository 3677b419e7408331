package agent.load;

import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.Arrays;

/** Counts answers, with the times of the first and the last, and how long each took. */
final class Tally {
  private static final double MS_PER_SECOND = 1_000;
  private static final double NANOS_PER_MS = 1_000_000;
  private static final double MEDIAN = 0.5;
  private static final double P99 = 0.99;
  private static final int FIRST_SIZE = 1_024;

  private int count;
  private double firstAtMs;
  private double lastAtMs;
  private double[] tookMs = new double[FIRST_SIZE];
  private int timed;

  /** The wall clock, which all processes of a machine share. */
  static double nowMs() {
    Instant now = Instant.now();
    return now.getEpochSecond() * MS_PER_SECOND + now.getNano() / NANOS_PER_MS;
  }

  synchronized int count() {
    return count;
  }

  /** Counts one answer. */
  synchronized void add() {
    lastAtMs = nowMs();
    if (count == 0) firstAtMs = lastAtMs;
    count++;
  }

  synchronized void took(double ms) {
    if (timed == tookMs.length) tookMs = Arrays.copyOf(tookMs, 2 * timed);
    tookMs[timed++] = ms;
  }

  synchronized JsonObject result() {
    JsonObject result = new JsonObject();
    result.addProperty("count", count);
    result.addProperty("firstCount", Math.min(count, 1));
    result.addProperty("firstAtMs", firstAtMs);
    result.addProperty("lastAtMs", lastAtMs);
    if (timed > 0) {
      double[] sorted = Arrays.copyOf(tookMs, timed);
      Arrays.sort(sorted);
      result.addProperty("p50Ms", sorted[(int) (timed * MEDIAN)]);
      result.addProperty("p99Ms", sorted[(int) (timed * P99)]);
    }
    return result;
  }
}
