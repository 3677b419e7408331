package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Reason;
import io.dlqservice.dlq.v1.RetryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What can be said about a dead letter beside its payload and its error. All optional. */
public final class SendOptions {
  static final SendOptions NONE = builder().build();

  final String sourceId;
  final String dedupKey;
  final Reason reason;
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

  /** Makes {@link SendOptions}. */
  public static final class Builder {
    private String sourceId = "";
    private String dedupKey = "";
    private Reason reason;
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

    /**
     * Your own identity of the message; null for none. Poison detection counts the sends of one
     * source id.
     */
    public Builder sourceId(String sourceId) {
      this.sourceId = orNone(sourceId);
      return this;
    }

    /** Sends of one key and payload within the dedup window join one message; null for none. */
    public Builder dedupKey(String dedupKey) {
      this.dedupKey = orNone(dedupKey);
      return this;
    }

    /** Why it failed, if you know; else the server reads it from the error. */
    public Builder reason(Reason reason) {
      this.reason = reason;
      return this;
    }

    /** Headers of the message. */
    public Builder attributes(Map<String, String> attributes) {
      this.attributes = Map.copyOf(attributes);
      return this;
    }

    /** One more header of the message. */
    public Builder attribute(String name, String value) {
      Map<String, String> more = new HashMap<>(attributes);
      more.put(name, value);
      return attributes(more);
    }

    /** A media type; {@code application/json} by default where the payload was made JSON. */
    public Builder contentType(String contentType) {
      this.contentType = contentType;
      return this;
    }

    /**
     * First retry this long from now; at most 365 days. Default: the error's {@link
     * RetryHint#retryAfter()}, else the policy's.
     */
    public Builder delay(Duration delay) {
      this.delay = delay;
      return this;
    }

    /** First retry then; wins over {@link #delay}. */
    public Builder dueTime(Instant dueTime) {
      this.dueTime = dueTime;
      return this;
    }

    /** Time to live from now or from the due time. Default: the queue's (24 h). */
    public Builder ttl(Duration ttl) {
      this.ttl = ttl;
      return this;
    }

    /** Failed attempts after which the message is quarantined; wins over every policy. */
    public Builder maxRetries(int maxRetries) {
      this.maxRetries = (int) Checks.atLeast("maxRetries", maxRetries, 0);
      return this;
    }

    /** Wins over the policies of the queue and of the reason. */
    public Builder retryPolicy(RetryPolicy retryPolicy) {
      this.retryPolicy = retryPolicy;
      return this;
    }

    /** -100 to 100, larger is sooner. */
    public Builder priority(int priority) {
      this.priority = priority;
      return this;
    }

    /**
     * Where the queue has ordering, messages of one key are delivered one at a time, in order; null
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
     * W3C Trace Context that the retries belong to. Default: that of OpenTelemetry's current span,
     * where the program has its API; so is it where {@code traceparent} is null.
     */
    public Builder traceContext(String traceparent, String tracestate) {
      this.traceparent = traceparent;
      this.tracestate = tracestate;
      return this;
    }

    /** Identity of this send, shared by all its tries. Default: a random UUID. */
    public Builder requestId(String requestId) {
      this.requestId = requestId;
      return this;
    }

    /** How long to try; below 10 min, for which a request id is known. Default: the client's. */
    public Builder timeout(Duration timeout) {
      this.timeout = Checks.positive("timeout", timeout);
      return this;
    }

    /** A message without an identity is still a message. */
    private static String orNone(String given) {
      return given == null ? "" : given;
    }

    public SendOptions build() {
      return new SendOptions(this);
    }
  }
}
