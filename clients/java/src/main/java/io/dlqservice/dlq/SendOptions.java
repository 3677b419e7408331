package io.dlqservice.dlq;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Options of a send. All are optional. */
public final class SendOptions {
  static final SendOptions NONE = builder().build();

  final String sourceId;
  final String dedupKey;
  final Reason reason;
  final String fingerprint;
  final Map<String, String> attributes;
  final String contentType;
  final Duration delay;
  final Instant dueTime;
  final Duration ttl;
  final Integer maxRetries;
  final RetryPolicy retryPolicy;
  final int priority;
  final String orderingKey;
  final Map<String, String> coordinates;
  final String traceparent;
  final String tracestate;
  final String requestId;
  final Duration timeout;

  private SendOptions(Builder builder) {
    sourceId = builder.sourceId;
    dedupKey = builder.dedupKey;
    reason = builder.reason;
    fingerprint = builder.fingerprint;
    attributes = builder.attributes;
    contentType = builder.contentType;
    delay = builder.delay;
    dueTime = builder.dueTime;
    ttl = builder.ttl;
    maxRetries = builder.maxRetries;
    retryPolicy = builder.retryPolicy;
    priority = builder.priority;
    orderingKey = builder.orderingKey;
    coordinates = builder.coordinates;
    traceparent = builder.traceparent;
    tracestate = builder.tracestate;
    requestId = builder.requestId;
    timeout = builder.timeout;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Options with a {@link Builder#sourceId source id}, which every message should have. */
  public static SendOptions ofSourceId(String sourceId) {
    return builder().sourceId(sourceId).build();
  }

  /** Builds {@link SendOptions}. */
  public static final class Builder {
    private String sourceId = "";
    private String dedupKey = "";
    private Reason reason;
    private String fingerprint = "";
    private Map<String, String> attributes = Map.of();
    private String contentType;
    private Duration delay;
    private Instant dueTime;
    private Duration ttl;
    private Integer maxRetries;
    private RetryPolicy retryPolicy;
    private int priority;
    private String orderingKey = "";
    private Map<String, String> coordinates = Map.of();
    private String traceparent;
    private String tracestate = "";
    private String requestId;
    private Duration timeout;

    private Builder() {}

    /** Your identity of the message; null for none. Poison detection counts sends by source id. */
    public Builder sourceId(String sourceId) {
      this.sourceId = orNone(sourceId);
      return this;
    }

    /**
     * Sends with the same key and payload within the dedup window join one message; null for none.
     */
    public Builder dedupKey(String dedupKey) {
      this.dedupKey = orNone(dedupKey);
      return this;
    }

    /** Why it failed. Default: the server derives it from the error. */
    public Builder reason(Reason reason) {
      this.reason = reason;
      return this;
    }

    /**
     * Failures with the same one are one group, such as {@code card-declined}. It replaces the one
     * that the service forms of reason, type, message and frame. Up to 256 bytes; a longer one is
     * cut. Null for none.
     */
    public Builder fingerprint(String fingerprint) {
      this.fingerprint = orNone(fingerprint);
      return this;
    }

    /** Headers of the message. */
    public Builder attributes(Map<String, String> attributes) {
      this.attributes = Map.copyOf(attributes);
      return this;
    }

    /** Adds a header of the message. */
    public Builder attribute(String name, String value) {
      Map<String, String> more = new HashMap<>(attributes);
      more.put(name, value);
      return attributes(more);
    }

    /** The media type. Default for objects: {@code application/json}. */
    public Builder contentType(String contentType) {
      this.contentType = contentType;
      return this;
    }

    /**
     * Time until the first retry, at most 365 days; a negative one, which a computed delay may be,
     * is zero. Default: the error's {@link RetryHint#retryAfter()}, then the policy's delay.
     */
    public Builder delay(Duration delay) {
      this.delay = delay != null && delay.isNegative() ? Duration.ZERO : delay;
      return this;
    }

    /** Time of the first retry. Overrides {@link #delay}. */
    public Builder dueTime(Instant dueTime) {
      this.dueTime = dueTime;
      return this;
    }

    /** Time to live, from now or from the due time. Default: the queue's (24 h). */
    public Builder ttl(Duration ttl) {
      this.ttl = ttl;
      return this;
    }

    /** Failed attempts until the message is quarantined. Overrides every policy. */
    public Builder maxRetries(int maxRetries) {
      this.maxRetries = (int) Checks.atLeast("maxRetries", maxRetries, 0);
      return this;
    }

    /** Overrides the policies of the queue and of the reason. */
    public Builder retryPolicy(RetryPolicy retryPolicy) {
      this.retryPolicy = retryPolicy;
      return this;
    }

    /** -100 to 100; larger comes first. */
    public Builder priority(int priority) {
      this.priority = priority;
      return this;
    }

    /**
     * Messages of one key are delivered one at a time, in order, if the queue has ordering; null
     * for none.
     */
    public Builder orderingKey(String orderingKey) {
      this.orderingKey = orNone(orderingKey);
      return this;
    }

    /** Where the message is in your system: topic, partition, offset. */
    public Builder coordinates(Map<String, String> coordinates) {
      this.coordinates = Map.copyOf(coordinates);
      return this;
    }

    /**
     * The W3C Trace Context of the retries. Default, also for a null {@code traceparent}:
     * OpenTelemetry's current span, if the program has its API.
     */
    public Builder traceContext(String traceparent, String tracestate) {
      this.traceparent = traceparent;
      this.tracestate = tracestate;
      return this;
    }

    /** Identity of this send in all its tries. Default: a random UUID. */
    public Builder requestId(String requestId) {
      this.requestId = requestId;
      return this;
    }

    /**
     * How long to try, below 10 min: the service remembers a request id that long. Default: the
     * client's timeout.
     */
    public Builder timeout(Duration timeout) {
      this.timeout = Checks.callTimeout("timeout", timeout);
      return this;
    }

    private static String orNone(String given) {
      return given == null ? "" : given;
    }

    public SendOptions build() {
      return new SendOptions(this);
    }
  }
}
