package io.dlqservice.dlq.testing;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.dlqservice.dlq.v1.ErrorStatus;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/** The checks of the fake. Like the service, it adds details to errors. */
final class FakeChecks {
  private static final Pattern QUEUE = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  /** The service's default. */
  private static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

  private static final long MAX_DELAY_S = Duration.ofDays(365).toSeconds();

  private FakeChecks() {}

  /** Empty if the request is accepted. */
  static Optional<Status> refusal(SendToDlqRequest request) {
    if (!QUEUE.matcher(request.getQueue()).matches()) {
      return Optional.of(
          invalid("queue is \"" + request.getQueue() + "\"; give 1 to 128 of A-Z a-z 0-9 . _ -"));
    }
    if (request.getDelay().getSeconds() > MAX_DELAY_S) {
      return Optional.of(invalid("delay is longer than 365 days"));
    }
    return tooLarge(request.getPayload()).map(FakeChecks::invalid);
  }

  private static Optional<String> tooLarge(Payload payload) {
    boolean isText = payload.hasText();
    int size = isText ? payload.getTextBytes().size() : payload.getData().size();
    if (size <= MAX_PAYLOAD_BYTES) return Optional.empty();
    return Optional.of(
        ("payload.%s: is %d bytes long; this server accepts at most %d: store large content "
                + "elsewhere and send a reference, or raise the server's payload limit")
            .formatted(isText ? "text" : "data", size, MAX_PAYLOAD_BYTES));
  }

  private static Status invalid(String text) {
    ErrorInfo info =
        ErrorInfo.newBuilder().setReason("INVALID_REQUEST").setDomain("dlq.v1").build();
    return Status.newBuilder()
        .setCode(Code.INVALID_ARGUMENT_VALUE)
        .setMessage(text)
        .addDetails(Any.pack(info))
        .build();
  }

  /** Converts a call's error to one within a response. */
  static ErrorStatus withinResponse(Status status) {
    return ErrorStatus.newBuilder()
        .setCode(status.getCode())
        .setMessage(status.getMessage())
        .addAllDetails(status.getDetailsList())
        .build();
  }
}
