package io.dlqservice.dlq;

import com.google.protobuf.Any;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
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

/**
 * Why a call failed, or one message of a batch.
 *
 * @param details what the server says of it; its own errors always have some, and what has none
 *     came from a connection that ended
 */
record CallError(Status status, List<Any> details) {
  /** Statuses after which the same call may be made again under its request id. */
  private static final Set<Status.Code> AGAIN =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.ABORTED);

  /** What a broken connection becomes on its way through HTTP/2, where no server has spoken. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(
          Status.Code.INTERNAL,
          Status.Code.UNKNOWN,
          Status.Code.CANCELLED,
          Status.Code.RESOURCE_EXHAUSTED); // HTTP/2's ENHANCE_YOUR_CALM

  /** Statuses by which a server says that it did not take a call. */
  private static final Set<Status.Code> NOT_TAKEN =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.PERMISSION_DENIED,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNIMPLEMENTED,
          Status.Code.UNAUTHENTICATED);

  /** What the service refuses however often it is asked. */
  private static final Set<Status.Code> FOR_GOOD =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNIMPLEMENTED);

  private static final int MOST_CAUSES = 16;

  static final CallError UNANSWERED =
      of(Status.DEADLINE_EXCEEDED.withDescription("the server did not answer"));

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

  String words() {
    String description = status.getDescription();
    Throwable cause = status.getCause();
    String why = cause == null ? code().toString() : cause.toString();
    if (description == null || description.isEmpty()) return why;
    // What gRPC says of a connection says nothing of it: "io exception".
    return cause == null || !details.isEmpty() ? description : description + ": " + why;
  }

  /** Whether it makes sense, and is safe, to make the same call again. */
  boolean isWorthAgain() {
    if (AGAIN.contains(code())) return true;
    if (code() == Status.Code.RESOURCE_EXHAUSTED && StatusDetails.hasRetryInfo(details)) {
      return true;
    }
    return BROKEN.contains(code()) && details.isEmpty() && !isTooLargeOnTheWay();
  }

  /**
   * Whether no later try can help. The service's own errors always have details: without them a
   * proxy may have spoken. A token may become right, and a full queue get room.
   */
  boolean isForGood() {
    if (details.isEmpty()) return false;
    if (code() == Status.Code.RESOURCE_EXHAUSTED) {
      return StatusDetails.reason(details).equals("TOO_LARGE");
    }
    return FOR_GOOD.contains(code());
  }

  /** No answer came at all, not even that there can be none. */
  boolean isSilent() {
    return code() == Status.Code.DEADLINE_EXCEEDED && details.isEmpty();
  }

  /** The service answered, if only to say that it does not want more at present. */
  boolean isAnswer() {
    return !isWorthAgain() || code() == Status.Code.RESOURCE_EXHAUSTED;
  }

  /** The call can't have had an effect: nobody was there to take it. */
  boolean neverArrived() {
    if (code() != Status.Code.UNAVAILABLE || !details.isEmpty()) return false;
    Throwable cause = status.getCause();
    for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++, cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof NoRouteToHostException
          || cause instanceof UnknownHostException
          || cause instanceof UnresolvedAddressException) {
        return true;
      }
    }
    return false;
  }

  /**
   * HTTP 413: a proxy takes no call of that size, as nginx by default of more than 1 MiB. A smaller
   * one may pass. Only the words have the number.
   */
  boolean isTooLargeOnTheWay() {
    String description = status.getDescription();
    return code() == Status.Code.UNKNOWN
        && details.isEmpty()
        && description != null
        && description.startsWith("HTTP status code 413");
  }

  /** A batch is refused as a whole, although all but one of its messages may be fine. */
  boolean isOfTheWholeCall() {
    return code() == Status.Code.INVALID_ARGUMENT
        || code() == Status.Code.RESOURCE_EXHAUSTED
        || isTooLargeOnTheWay();
  }

  StatusRuntimeException asException() {
    return status.asRuntimeException();
  }

  /**
   * The error of a call that a server's word has ended.
   *
   * @param wasMaybeStored an earlier try may have had its effect, of which this refusal says
   *     nothing
   */
  DlqException refusal(boolean wasMaybeStored) {
    ErrorKind kind =
        code() == Status.Code.UNAUTHENTICATED || code() == Status.Code.PERMISSION_DENIED
            ? ErrorKind.UNAUTHENTICATED
            : ErrorKind.REFUSED;
    boolean maybeStored = wasMaybeStored || !(isTooLargeOnTheWay() || NOT_TAKEN.contains(code()));
    String words = words() + advice().map(advice -> "; " + advice).orElse("");
    return new DlqException(kind, words, code(), asException(), maybeStored);
  }

  private Optional<String> advice() {
    if (isTooLargeOnTheWay()) {
      return Optional.of("a proxy on the way takes no call of that size: raise its limit");
    }
    return switch (code()) {
      case UNAUTHENTICATED -> Optional.of("give the client a token that the server knows");
      case UNIMPLEMENTED, NOT_FOUND ->
          Optional.of("is the target the gRPC address of a DLQ server (port 50051 by default)?");
      default -> Optional.empty();
    };
  }
}
