package io.dlqservice.dlq;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads google.rpc error details, of this service and of others. */
final class StatusDetails {
  private StatusDetails() {}

  /** Empty if the error has no details. */
  static List<Any> of(Throwable error) {
    if (!(error instanceof StatusRuntimeException) && !(error instanceof StatusException)) {
      return List.of();
    }
    try {
      com.google.rpc.Status status = StatusProto.fromThrowable(error);
      return status == null ? List.of() : status.getDetailsList();
    } catch (RuntimeException malformed) {
      return List.of();
    }
  }

  /** The stable name of the server's error; empty without one. */
  static String reason(List<Any> details) {
    return find(details, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
  }

  /** Whether the server suggests a retry. */
  static boolean hasRetryInfo(List<Any> details) {
    return find(details, RetryInfo.class).isPresent();
  }

  static Optional<Duration> retryDelay(List<Any> details) {
    return find(details, RetryInfo.class)
        .filter(RetryInfo::hasRetryDelay)
        .map(info -> Times.from(info.getRetryDelay()));
  }

  private static <M extends Message> Optional<M> find(List<Any> details, Class<M> type) {
    for (Any detail : details) {
      try {
        if (detail.is(type)) return Optional.of(detail.unpack(type));
      } catch (InvalidProtocolBufferException malformed) {
        // try the next one
      }
    }
    return Optional.empty();
  }
}
