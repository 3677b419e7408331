package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.DayOfWeek;
import io.dlqservice.dlq.v1.RetryWindow;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;

/**
 * When and how often a message is retried. Values that are not set come from the preset or the
 * queue.
 */
public final class RetryPolicy {
  /** How delays grow from attempt to attempt. */
  public enum Backoff {
    /** Each delay is the previous one multiplied by {@code multiplier}. */
    EXPONENTIAL,
    /** Each delay is longer by {@code increment}. */
    LINEAR,
    /** Each delay is {@code initialDelay}. */
    FIXED,
    /** The delays of {@code schedule}. */
    SCHEDULE
  }

  /** How delays are randomized, uniformly. */
  public enum Jitter {
    /** Not at all. */
    NONE,
    /** By a factor from 0.5 to 1.5. */
    PROPORTIONAL,
    /** From 0 to the computed delay. */
    FULL,
    /** From half the computed delay to all of it. */
    EQUAL,
    /** From {@code initialDelay} to three times the previous delay, up to {@code maxDelay}. */
    DECORRELATED
  }

  private final io.dlqservice.dlq.v1.RetryPolicy message;

  private RetryPolicy(io.dlqservice.dlq.v1.RetryPolicy message) {
    this.message = message;
  }

  /** Returns a builder of a policy without values. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns a builder that starts from a named policy: webhook, validation, execution, network,
   * auth, resource or standard.
   */
  public static Builder preset(String name) {
    Builder builder = new Builder();
    builder.message.setPreset(name);
    return builder;
  }

  io.dlqservice.dlq.v1.RetryPolicy message() {
    return message;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RetryPolicy policy && policy.message.equals(message);
  }

  @Override
  public int hashCode() {
    return message.hashCode();
  }

  /** Builds a {@link RetryPolicy}. */
  public static final class Builder {
    private final io.dlqservice.dlq.v1.RetryPolicy.Builder message =
        io.dlqservice.dlq.v1.RetryPolicy.newBuilder();

    private Builder() {}

    /** Failed attempts after which the message is quarantined: 0 to 1000. */
    public Builder maxRetries(int maxRetries) {
      message.setMaxRetries((int) Checks.atLeast("maxRetries", maxRetries, 0));
      return this;
    }

    /** The delay after the first failure, at most 30 days. Not for a schedule. */
    public Builder initialDelay(Duration initialDelay) {
      message.setInitialDelay(Times.to(Checks.notNegative("initialDelay", initialDelay)));
      return this;
    }

    /** Limit of a delay, before jitter: at most 30 days. */
    public Builder maxDelay(Duration maxDelay) {
      message.setMaxDelay(Times.to(Checks.notNegative("maxDelay", maxDelay)));
      return this;
    }

    /**
     * How delays grow. Default: the kind to which {@code multiplier}, {@code increment} or {@code
     * schedule} belongs.
     */
    public Builder backoff(Backoff backoff) {
      message.setBackoff(io.dlqservice.dlq.v1.Backoff.valueOf("BACKOFF_" + backoff.name()));
      return this;
    }

    /** Exponential backoff: factor from one delay to the next, 1 to 100. */
    public Builder multiplier(double multiplier) {
      message.setMultiplier(multiplier);
      return this;
    }

    /** Linear backoff: difference of one delay to the next, at most 30 days. */
    public Builder increment(Duration increment) {
      message.setIncrement(Times.to(Checks.notNegative("increment", increment)));
      return this;
    }

    /** The delays in order, 1 to 100. The last one repeats. */
    public Builder schedule(List<Duration> delays) {
      message.clearSchedule();
      delays.forEach(delay -> message.addSchedule(Times.to(Checks.notNegative("delay", delay))));
      return this;
    }

    public Builder jitter(Jitter jitter) {
      message.setJitter(io.dlqservice.dlq.v1.Jitter.valueOf("JITTER_" + jitter.name()));
      return this;
    }

    /** Time after the send when attempts end: 1 s to 365 days, or 0 for no limit. */
    public Builder maxElapsed(Duration maxElapsed) {
      message.setMaxElapsed(Times.to(Checks.notNegative("maxElapsed", maxElapsed)));
      return this;
    }

    /**
     * Adds a part of the day: attempts become due only within one of them. At most 16.
     *
     * @param start {@code HH:MM}
     * @param end {@code HH:MM}, at most 24:00. At or before {@code start}, it is on the next day
     * @param days on which it begins; none for every day
     */
    public Builder window(String start, String end, ZoneId zone, java.time.DayOfWeek... days) {
      RetryWindow.Builder window = message.addWindowsBuilder();
      window.setStartTime(start).setEndTime(end).setTimeZone(zone.getId());
      for (java.time.DayOfWeek day : days) {
        window.addDays(DayOfWeek.valueOf("DAY_OF_WEEK_" + day.name()));
      }
      return this;
    }

    public RetryPolicy build() {
      return new RetryPolicy(message.build());
    }
  }
}
