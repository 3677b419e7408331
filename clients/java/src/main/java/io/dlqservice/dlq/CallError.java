package io.dlqservice.dlq;

import com.google.protobuf.Any;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * Why a call, or one message of a batch, failed.
 *
 * @param details the server's error details. The service always adds some; without them, a broken
 *     connection or a proxy is the cause
 */
record CallError(Status status, List<Any> details) {
  /** Statuses after which the same call may be made again with its request id. */
  private static final Set<Status.Code> RETRYABLE =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.ABORTED);

  /** Statuses of a connection that broke without an answer of a server. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(
          Status.Code.INTERNAL,
          Status.Code.UNKNOWN,
          Status.Code.CANCELLED,
          Status.Code.RESOURCE_EXHAUSTED); // HTTP/2's ENHANCE_YOUR_CALM

  /** Statuses of a server that did not accept a call. */
  private static final Set<Status.Code> NOT_ACCEPTED =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.PERMISSION_DENIED,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNIMPLEMENTED,
          Status.Code.UNAUTHENTICATED);

  /** Statuses of requests that the service always refuses. */
  private static final Set<Status.Code> PERMANENT =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNIMPLEMENTED);

  private static final List<Class<? extends Exception>> NOT_CONNECTED =
      List.of(
          ConnectException.class,
          NoRouteToHostException.class,
          SSLHandshakeException.class,
          UnknownHostException.class,
          UnresolvedAddressException.class);

  /** From {@link QuietNames}. Its exception has no text. */
  private static final String UNKNOWN_HOST = "the host name of the target cannot be resolved";

  private static final String CHECK_TARGET =
      "check the target (dlq.target in Spring Boot) and that its server runs";

  /** In gRPC's text for a connection that fails before the end of its TLS handshake. */
  private static final String TLS_HANDLER = "ClientTlsHandler";

  private static final int MAX_CAUSES = 16;

  private static final String NO_ANSWER = "the server did not answer in time";

  static final CallError UNANSWERED = of(Status.DEADLINE_EXCEEDED.withDescription(NO_ANSWER));

  static CallError of(Throwable completion) {
    Throwable thrown =
        completion instanceof CompletionException && completion.getCause() != null
            ? completion.getCause()
            : completion;
    if (thrown instanceof CancellationException) return of(Status.CANCELLED);
    Status status = Status.fromThrowable(thrown);
    return new CallError(status, StatusDetails.of(thrown));
  }

  static CallError of(Status status) {
    return new CallError(status, List.of());
  }

  Status.Code code() {
    return status.getCode();
  }

  /** One line, without what only gRPC's authors need. */
  String description() {
    if (isFrom(UnresolvedAddressException.class)) return UNKNOWN_HOST;
    if (isNotTls()) return "the server does not use TLS";
    if (isClosedInHandshake()) return "the server closed the connection in the TLS handshake";
    if (isClosedByPeer()) return "the server closed the connection";
    Throwable cause = status.getCause();
    // gRPC's own text for a connection, "io exception", does not help.
    boolean isOfConnection = cause != null && details.isEmpty() && !hasNoToken();
    if (isOfConnection) return Text.oneLine(causeText(cause));
    String description = status.getDescription();
    if (description == null || description.isEmpty()) return code().toString();
    boolean isGrpcDeadline = isUnanswered() && description.contains("deadline exceeded after");
    return isGrpcDeadline ? NO_ANSWER : Text.oneLine(description);
  }

  /** The reason of a certificate's refusal is the innermost cause. */
  private static String causeText(Throwable cause) {
    Throwable shown = cause;
    boolean isOfTls = cause instanceof SSLException;
    for (int depth = 0; isOfTls && shown.getCause() != null && depth < MAX_CAUSES; depth++) {
      shown = shown.getCause();
    }
    String text = CauseChain.messageOf(shown);
    if (text.isEmpty()) return shown.toString();
    return isOfTls ? "TLS failed: " + text : text.replaceFirst("^finishConnect.*?: ", "");
  }

  /** Netty's exception has the first bytes of the answer in its text. */
  private boolean isNotTls() {
    Throwable cause = status.getCause();
    return cause != null && cause.getClass().getSimpleName().equals("NotSslRecordException");
  }

  /** Whether the same call can be made again, and safely. */
  boolean isRetryable() {
    if (RETRYABLE.contains(code())) return true;
    if (code() == Status.Code.RESOURCE_EXHAUSTED && StatusDetails.hasRetryInfo(details)) {
      return true;
    }
    return BROKEN.contains(code()) && details.isEmpty() && !isTooLargeForProxy();
  }

  /**
   * Whether a retry cannot help. False without details, which may come from a proxy, and for a
   * wrong token or a full queue.
   */
  boolean isPermanent() {
    if (details.isEmpty()) return false;
    if (code() == Status.Code.RESOURCE_EXHAUSTED) {
      return StatusDetails.reason(details).equals("TOO_LARGE");
    }
    return PERMANENT.contains(code());
  }

  /** Whether no answer came before the deadline. */
  boolean isUnanswered() {
    return code() == Status.Code.DEADLINE_EXCEEDED && details.isEmpty();
  }

  /** Whether the service answered, if only that it is overloaded. */
  boolean isAnswer() {
    return !isRetryable() || code() == Status.Code.RESOURCE_EXHAUSTED;
  }

  /** Whether the call had no effect because it reached no server. */
  boolean neverArrived() {
    return code() == Status.Code.UNAVAILABLE
        && details.isEmpty()
        && (hasNoToken()
            || isNotTls()
            || isClosedInHandshake()
            || NOT_CONNECTED.stream().anyMatch(this::isFrom));
  }

  private boolean hasNoToken() {
    return isFrom(Bearer.NoTokenException.class);
  }

  private boolean isFrom(Class<? extends Exception> type) {
    Throwable cause = status.getCause();
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
      if (type.isInstance(cause)) return true;
    }
    return false;
  }

  /**
   * Whether a proxy answered HTTP 413; nginx does for more than 1 MiB by default. A smaller call
   * may pass. gRPC has the number in its text only.
   */
  boolean isTooLargeForProxy() {
    String description = status.getDescription();
    return code() == Status.Code.UNKNOWN
        && details.isEmpty()
        && description != null
        && description.startsWith("HTTP status code 413");
  }

  /** Whether the connection was closed without a word, as a server with TLS does in plaintext. */
  private boolean isClosedByPeer() {
    return isUnavailableAs("Network closed for unknown reason") || isReset();
  }

  /** A server that closes a connection with unread bytes resets it. Netty has no type for it. */
  private boolean isReset() {
    Throwable cause = status.getCause();
    if (!isUnavailableAs("io exception") || !(cause instanceof IOException)) return false;
    if (cause instanceof SSLException) return false;
    String text = CauseChain.messageOf(cause);
    return text.contains("Connection reset") || text.contains("Broken pipe");
  }

  private boolean isClosedInHandshake() {
    return isUnavailableAs("Connection closed while performing TLS negotiation")
        || (isReset() && status.getDescription().contains(TLS_HANDLER));
  }

  /** Whether it is gRPC's own error that starts with a text. */
  private boolean isUnavailableAs(String start) {
    String description = status.getDescription();
    return code() == Status.Code.UNAVAILABLE
        && details.isEmpty()
        && description != null
        && description.startsWith(start);
  }

  /** Whether the server may have refused a batch because of one of its messages. */
  boolean mayConcernOneMessage() {
    return code() == Status.Code.INVALID_ARGUMENT
        || code() == Status.Code.RESOURCE_EXHAUSTED
        || isTooLargeForProxy();
  }

  StatusRuntimeException asException() {
    return status.asRuntimeException();
  }

  /**
   * Returns the error of a call that the server refused.
   *
   * @param wasMaybeStored whether an earlier try may have arrived
   */
  DlqException refusal(boolean wasMaybeStored) {
    ErrorKind kind =
        code() == Status.Code.UNAUTHENTICATED || code() == Status.Code.PERMISSION_DENIED
            ? ErrorKind.UNAUTHENTICATED
            : ErrorKind.REFUSED;
    boolean maybeStored =
        wasMaybeStored || !(isTooLargeForProxy() || NOT_ACCEPTED.contains(code()));
    return new DlqException(kind, descriptionWithAdvice(), code(), asException(), maybeStored);
  }

  String descriptionWithAdvice() {
    return description() + advice().map(advice -> "; " + advice).orElse("");
  }

  boolean hasAdvice() {
    return advice().isPresent();
  }

  private Optional<String> advice() {
    if (hasNoToken()) return Optional.empty();
    if (isNotTls()) return Optional.of("give the target as http://host:port, or without a scheme");
    if (isFrom(SSLException.class)) {
      return Optional.of("check ca and serverName of TlsOptions (dlq.tls in Spring Boot)");
    }
    if (neverArrived()) return Optional.of(CHECK_TARGET);
    if (isClosedByPeer()) {
      return Optional.of("if the server uses TLS, give the target as https://host:port");
    }
    if (isUnanswered()) return Optional.of(CHECK_TARGET);
    if (isTooLargeForProxy()) {
      return Optional.of("a proxy refuses calls of this size: raise its limit");
    }
    return switch (code()) {
      case UNAUTHENTICATED ->
          Optional.of("give the client a token of the server (dlq.token in Spring Boot)");
      case UNIMPLEMENTED, NOT_FOUND ->
          Optional.of(
              "is the target the gRPC address of a DLQ server, port 50051 by default (dlq.target in"
                  + " Spring Boot)?");
      default -> Optional.empty();
    };
  }
}
