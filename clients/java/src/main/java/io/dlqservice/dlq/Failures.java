package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Failure;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Converts a throwable to the failure that the service stores. */
final class Failures {
  // Limits of the contract. A longer value keeps one byte more than its limit, so that the server
  // marks it as cut.
  private static final int TYPE_BYTES = 512;
  private static final int MESSAGE_BYTES = 4 * 1024;
  private static final int STACK_BYTES = 16 * 1024;
  private static final int ATTRIBUTE_BYTES = 1024;
  private static final int FINGERPRINT_BYTES = 256;

  private static final int MIN_HTTP_STATUS = 100;
  private static final int MAX_HTTP_STATUS = 599;

  /** Methods of Spring, JAX-RS, Retrofit, Feign, and Apache's HTTP clients. */
  private static final List<String> HTTP_STATUS =
      List.of("getStatusCode", "statusCode", "getRawStatusCode", "getStatus", "status", "code");

  private static final List<String> HEADERS =
      List.of("getResponseHeaders", "responseHeaders", "getHeaders", "headers");

  private Failures() {}

  /** Never throws. */
  static Failure of(Throwable thrown) {
    CauseChain chain = new CauseChain(thrown);
    Failure.Builder failure =
        Failure.newBuilder()
            .setType(Text.truncate(thrown.getClass().getName(), TYPE_BYTES))
            .setMessage(Text.truncate(messageOf(chain), MESSAGE_BYTES))
            .setStackTrace(Text.truncate(chain.stackTrace(STACK_BYTES), STACK_BYTES));
    chain.first(Failures::grpcCode).ifPresent(failure::setGrpcCode);
    chain.first(Failures::httpStatus).ifPresent(failure::setHttpStatus);
    chain
        .first(error -> StatusDetails.retryDelay(StatusDetails.of(error)))
        .ifPresent(delay -> failure.setRetryAfter(Times.to(delay)));
    putFirst(failure, chain, "sqlstate", error -> SafeRead.text(error, "getSQLState"));
    putFirst(failure, chain, "retry-after", Failures::retryAfter);
    return failure.build();
  }

  /**
   * @param given null for none
   */
  static String fingerprint(String given) {
    return Text.truncate(given, FINGERPRINT_BYTES);
  }

  private static void putFirst(
      Failure.Builder failure,
      CauseChain chain,
      String name,
      Function<Throwable, Optional<String>> look) {
    chain
        .first(look)
        .ifPresent(value -> failure.putAttributes(name, Text.truncate(value, ATTRIBUTE_BYTES)));
  }

  /** Connection errors often have no message of their own, so take that of the cause. */
  private static String messageOf(CauseChain chain) {
    return chain
        .first(error -> Optional.of(CauseChain.messageOf(error)).filter(text -> !text.isEmpty()))
        .orElse("");
  }

  private static Optional<Integer> grpcCode(Throwable error) {
    Status status = null;
    if (error instanceof StatusRuntimeException unchecked) status = unchecked.getStatus();
    if (error instanceof StatusException checked) status = checked.getStatus();
    return Optional.ofNullable(status).map(found -> found.getCode().value());
  }

  private static Optional<Integer> httpStatus(Throwable error) {
    Object response = SafeRead.call(error, "getResponse").orElse(null);
    for (Object holder : new Object[] {error, response}) {
      for (String name : HTTP_STATUS) {
        OptionalInt found = SafeRead.integer(holder, name);
        if (found.isPresent() && isHttpStatus(found.getAsInt())) {
          return Optional.of(found.getAsInt());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isHttpStatus(int status) {
    return status >= MIN_HTTP_STATUS && status <= MAX_HTTP_STATUS;
  }

  /** The HTTP header: seconds or a date, which the server reads. */
  private static Optional<String> retryAfter(Throwable error) {
    Object response = SafeRead.call(error, "getResponse").orElse(null);
    for (Object holder : new Object[] {error, response}) {
      for (String name : HEADERS) {
        Optional<String> found =
            SafeRead.header(SafeRead.call(holder, name).orElse(null), "Retry-After");
        if (found.isPresent()) return found;
      }
    }
    return Optional.empty();
  }
}
