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

/** What google.rpc details of an error say, of this service's errors and of anybody's. */
final class StatusDetails {
  private StatusDetails() {}

  /** Empty where the error did not come from a server that gives details. */
  static List<Any> of(Throwable error) {
    if (!(error instanceof StatusRuntimeException) && !(error instanceof StatusException)) {
      return List.of();
    }
    try {
      com.google.rpc.Status status = StatusProto.fromThrowable(error);
      return status == null ? List.of() : status.getDetailsList();
    } catch (RuntimeException notWhatItSays) {
      return List.of();
    }
  }

  /** The stable name that the server gives to its error; empty where it gave none. */
  static String reason(List<Any> details) {
    return find(details, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
  }

  /** The server says that it is worth trying again. */
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
      } catch (InvalidProtocolBufferException notWhatItSays) {
        // the next one, then
      }
    }
    return Optional.empty();
  }
}
