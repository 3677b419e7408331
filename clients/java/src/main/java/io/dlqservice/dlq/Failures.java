package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Failure;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** What is known of something that was thrown, as the service takes it. */
final class Failures {
  // Limits of the contract; what is longer is cut by one byte more, so that the server flags it.
  private static final int TYPE_BYTES = 512;
  private static final int MESSAGE_BYTES = 4 * 1024;
  private static final int STACK_BYTES = 16 * 1024;
  private static final int ATTRIBUTE_BYTES = 1024;

  private static final int LEAST_HTTP_STATUS = 100;
  private static final int MOST_HTTP_STATUS = 599;

  /** Of Spring, JAX-RS, Retrofit, Feign, and Apache's HTTP clients. */
  private static final List<String> HTTP_STATUS =
      List.of("getStatusCode", "statusCode", "getRawStatusCode", "getStatus", "status", "code");

  private static final List<String> HEADERS =
      List.of("getResponseHeaders", "responseHeaders", "getHeaders", "headers");

  private Failures() {}

  /** Never throws itself. */
  static Failure of(Throwable thrown) {
    CauseChain chain = new CauseChain(thrown);
    Failure.Builder failure =
        Failure.newBuilder()
            .setType(Text.cut(thrown.getClass().getName(), TYPE_BYTES))
            .setMessage(Text.cut(messageOf(chain), MESSAGE_BYTES))
            .setStackTrace(Text.cut(chain.stackTrace(STACK_BYTES), STACK_BYTES));
    chain.first(Failures::grpcCode).ifPresent(failure::setGrpcCode);
    chain.first(Failures::httpStatus).ifPresent(failure::setHttpStatus);
    chain
        .first(error -> StatusDetails.retryDelay(StatusDetails.of(error)))
        .ifPresent(delay -> failure.setRetryAfter(Times.to(delay)));
    putFirst(failure, chain, "sqlstate", error -> Peek.text(error, "getSQLState"));
    putFirst(failure, chain, "retry-after", Failures::retryAfter);
    return failure.build();
  }

  private static void putFirst(
      Failure.Builder failure,
      CauseChain chain,
      String name,
      Function<Throwable, Optional<String>> look) {
    chain
        .first(look)
        .ifPresent(value -> failure.putAttributes(name, Text.cut(value, ATTRIBUTE_BYTES)));
  }

  /** Errors of failed connections often have no words of their own: those of the cause, then. */
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
    Object response = Peek.call(error, "getResponse").orElse(null);
    for (Object holder : new Object[] {error, response}) {
      for (String name : HTTP_STATUS) {
        OptionalInt found = Peek.integer(holder, name);
        if (found.isPresent() && isHttpStatus(found.getAsInt())) {
          return Optional.of(found.getAsInt());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isHttpStatus(int status) {
    return status >= LEAST_HTTP_STATUS && status <= MOST_HTTP_STATUS;
  }

  /** HTTP's header, which the server reads: seconds or a date. */
  private static Optional<String> retryAfter(Throwable error) {
    Object response = Peek.call(error, "getResponse").orElse(null);
    for (Object holder : new Object[] {error, response}) {
      for (String name : HEADERS) {
        Optional<String> found = Peek.header(Peek.call(holder, name).orElse(null), "Retry-After");
        if (found.isPresent()) return found;
      }
    }
    return Optional.empty();
  }
}
