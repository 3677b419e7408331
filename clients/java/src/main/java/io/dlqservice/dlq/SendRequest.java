package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Origin;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A request to send one message.
 *
 * @param bytes its size within a batch
 */
record SendRequest(SendToDlqRequest proto, int bytes) {
  private static final int FRAME_BYTES = 16;

  static SendRequest of(SendToDlqRequest request) {
    return new SendRequest(request, request.getSerializedSize() + FRAME_BYTES);
  }

  /**
   * @param error null for none
   * @param origin null for none
   */
  static SendToDlqRequest.Builder builder(
      String queue, Payload payload, Throwable error, SendOptions options, Origin origin) {
    SendToDlqRequest.Builder request =
        SendToDlqRequest.newBuilder()
            .setRequestId(
                options.requestId == null || options.requestId.isEmpty() // an empty id is no id
                    ? UUID.randomUUID().toString()
                    : options.requestId)
            .setQueue(Text.wellFormed(Checks.queue(queue)))
            .setPayload(payload)
            .setSourceId(Text.wellFormed(options.sourceId))
            .setDedupKey(Text.wellFormed(options.dedupKey))
            .setOrderingKey(Text.wellFormed(options.orderingKey))
            .setPriority(options.priority)
            .putAllAttributes(texts(options.attributes));
    if (error != null) request.setFailure(Failures.of(error));
    if (options.ttl != null) request.setTtl(Times.to(options.ttl));
    if (options.maxRetries != null) request.setMaxRetries(options.maxRetries);
    if (options.retryPolicy != null) request.setRetryPolicy(options.retryPolicy.message());
    setOrigin(request, options, origin);
    setTrace(request, options);
    setFirstRetry(request, error, options);
    setReason(request, error, options);
    if (!options.fingerprint.isEmpty()) {
      request.getFailureBuilder().setFingerprint(Failures.fingerprint(options.fingerprint));
    }
    return request;
  }

  private static void setOrigin(
      SendToDlqRequest.Builder request, SendOptions options, Origin origin) {
    if (!options.coordinates.isEmpty()) {
      Origin.Builder own = origin == null ? Origin.newBuilder() : origin.toBuilder();
      request.setOrigin(own.putAllCoordinates(texts(options.coordinates)));
    } else if (origin != null) {
      request.setOrigin(origin);
    }
  }

  private static void setTrace(SendToDlqRequest.Builder request, SendOptions options) {
    Optional<TraceContext> trace =
        options.traceparent == null
            ? Tracing.current()
            : Tracing.context(options.traceparent, options.tracestate);
    trace.ifPresent(
        context ->
            request
                .getTraceContextBuilder()
                .setTraceparent(context.traceparent())
                .setTracestate(context.tracestate()));
  }

  private static void setFirstRetry(
      SendToDlqRequest.Builder request, Throwable error, SendOptions options) {
    Optional<Duration> delay = Optional.ofNullable(options.delay).or(() -> retryAfter(error));
    if (options.dueTime != null) request.setDueTime(Times.to(options.dueTime));
    else delay.ifPresent(wait -> request.setDelay(Times.to(wait)));
  }

  /** A non-retryable error quarantines the message at once. */
  private static void setReason(
      SendToDlqRequest.Builder request, Throwable error, SendOptions options) {
    Reason reason = options.reason;
    if (reason == null && isNonRetryable(error)) reason = Reason.POISON_MESSAGE;
    if (reason == null) return;
    request
        .getFailureBuilder()
        .setReason(io.dlqservice.dlq.v1.Reason.valueOf("REASON_" + reason.name()));
  }

  /** The delay of the error's {@link RetryHint}, within the server's limits. */
  static Optional<Duration> retryAfter(Throwable error) {
    try {
      return CauseChain.withoutWrappers(error) instanceof RetryHint hint
          ? hint.retryAfter().map(Times::clampWait)
          : Optional.empty();
    } catch (Throwable failed) {
      return Optional.empty();
    }
  }

  static boolean isNonRetryable(Throwable error) {
    try {
      return CauseChain.withoutWrappers(error) instanceof RetryHint hint && hint.nonRetryable();
    } catch (Throwable failed) {
      return false;
    }
  }

  private static Map<String, String> texts(Map<String, String> given) {
    if (given.isEmpty()) return given;
    Map<String, String> texts = new HashMap<>();
    given.forEach((key, value) -> texts.put(Text.wellFormed(key), Text.wellFormed(value)));
    return texts;
  }
}
