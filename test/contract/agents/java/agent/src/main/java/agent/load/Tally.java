package agent.load;

import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.Arrays;

/** Collects answers: how many, when the first and the last came, and how long each took. */
final class Tally {
  private static final double MS_A_SECOND = 1_000;
  private static final double NANOS_A_MS = 1_000_000;
  private static final double MEDIAN = 0.5;
  private static final double NEAR_MOST = 0.99;
  private static final int FIRST_SIZE = 1_024;

  private int count;
  private double firstAtMs;
  private double lastAtMs;
  private double[] tookMs = new double[FIRST_SIZE];
  private int timed;

  /** Of a clock that processes of one machine share. */
  static double nowMs() {
    Instant now = Instant.now();
    return now.getEpochSecond() * MS_A_SECOND + now.getNano() / NANOS_A_MS;
  }

  synchronized int count() {
    return count;
  }

  /** One more has just ended. */
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
      result.addProperty("p99Ms", sorted[(int) (timed * NEAR_MOST)]);
    }
    return result;
  }
}
