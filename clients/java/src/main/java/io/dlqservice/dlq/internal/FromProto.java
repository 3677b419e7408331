package io.dlqservice.dlq.internal;

import io.dlqservice.dlq.Failure;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.QuarantineReason;
import io.dlqservice.dlq.Reason;
import io.dlqservice.dlq.TraceContext;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Converts generated types to those of the client, whose enum values have the same order. */
public final class FromProto {
  private static final Reason[] REASONS = Reason.values();
  private static final MessageState[] STATES = MessageState.values();
  private static final QuarantineReason[] QUARANTINE_REASONS = QuarantineReason.values();

  private FromProto() {}

  public static Reason reason(int number) {
    return find(REASONS, number);
  }

  public static MessageState state(int number) {
    return find(STATES, number);
  }

  /** Empty if the message is not in quarantine. */
  public static Optional<QuarantineReason> quarantineReason(int number) {
    return number == 0 ? Optional.empty() : Optional.of(find(QUARANTINE_REASONS, number));
  }

  public static TraceContext traceContext(io.dlqservice.dlq.v1.TraceContext context) {
    return new TraceContext(context.getTraceparent(), context.getTracestate());
  }

  public static Failure failure(io.dlqservice.dlq.v1.Failure failure) {
    return new Failure(
        reason(failure.getReasonValue()),
        failure.getType(),
        failure.getMessage(),
        failure.getStackTrace(),
        failure.hasGrpcCode() ? OptionalInt.of(failure.getGrpcCode()) : OptionalInt.empty(),
        failure.hasHttpStatus() ? OptionalInt.of(failure.getHttpStatus()) : OptionalInt.empty(),
        failure.getAttributesMap(),
        failure.getTruncated(),
        failure.hasRetryAfter() ? Optional.of(duration(failure.getRetryAfter())) : Optional.empty(),
        failure.getFingerprint());
  }

  private static Duration duration(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }

  /** Returns the first value, which is UNSPECIFIED, for one of a newer server. */
  private static <E> E find(E[] values, int number) {
    return number >= 0 && number < values.length ? values[number] : values[0];
  }
}
