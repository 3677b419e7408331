package io.dlqservice.dlq;

import java.time.Duration;

/** How concurrent sends share calls. */
public final class CoalesceOptions {
  private static final int MIB = 1024 * 1024;

  // The server's limits for one call.
  private static final int MAX_MESSAGES = 1_000;
  private static final int MAX_BYTES = 3 * MIB + MIB / 2;

  final long maxDelayMs;
  final int maxMessages;
  final int maxBytes;
  final int maxCalls;
  final int maxPendingMessages;
  final long maxPendingBytes;

  private CoalesceOptions(Builder builder) {
    maxDelayMs = builder.maxDelay.toMillis();
    maxMessages = builder.maxMessages;
    maxBytes = builder.maxBytes;
    maxCalls = builder.maxCalls;
    maxPendingMessages = builder.maxPendingMessages;
    maxPendingBytes = builder.maxPendingBytes;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link CoalesceOptions}. */
  public static final class Builder {
    private Duration maxDelay = Duration.ofMillis(2);
    private int maxMessages = 100;
    private int maxBytes = 3 * MIB;
    private int maxCalls = 4;
    private int maxPendingMessages = 10_000;
    private long maxPendingBytes = 64L * MIB;

    private Builder() {}

    /**
     * How long a send waits for others while a call is active: 2 ms by default. Without an active
     * call it goes at once.
     */
    public Builder maxDelay(Duration maxDelay) {
      this.maxDelay = Checks.notNegative("maxDelay", maxDelay);
      return this;
    }

    /** Messages per call: 1 to 1,000; 100 by default. */
    public Builder maxMessages(int maxMessages) {
      this.maxMessages = Checks.within("maxMessages", maxMessages, 1, MAX_MESSAGES);
      return this;
    }

    /** Bytes per call: 1 to 3.5 MiB; 3 MiB by default. */
    public Builder maxBytes(int maxBytes) {
      this.maxBytes = Checks.within("maxBytes", maxBytes, 1, MAX_BYTES);
      return this;
    }

    /** Concurrent calls: 4 by default. */
    public Builder maxCalls(int maxCalls) {
      this.maxCalls = (int) Checks.atLeast("maxCalls", maxCalls, 1);
      return this;
    }

    /** Pending sends: 10,000 by default. Further sends are spooled at once, or dropped. */
    public Builder maxPendingMessages(int maxPendingMessages) {
      this.maxPendingMessages = (int) Checks.atLeast("maxPendingMessages", maxPendingMessages, 1);
      return this;
    }

    /** Bytes of pending sends: 64 MiB by default. */
    public Builder maxPendingBytes(long maxPendingBytes) {
      this.maxPendingBytes = Checks.atLeast("maxPendingBytes", maxPendingBytes, 1);
      return this;
    }

    public CoalesceOptions build() {
      return new CoalesceOptions(this);
    }
  }
}
