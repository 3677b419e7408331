package io.dlqservice.dlq;

import io.grpc.Status;
import java.util.Optional;

/** An error of the client. Check {@link #kind()}; the message has advice. */
public final class DlqException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final Status.Code code;
  private final boolean maybeStored;

  DlqException(ErrorKind kind, String message) {
    this(kind, message, null, null, false);
  }

  DlqException(
      ErrorKind kind, String message, Status.Code code, Throwable cause, boolean maybeStored) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
    this.maybeStored = maybeStored;
  }

  public ErrorKind kind() {
    return kind;
  }

  /** The gRPC status of the failed call, if any. */
  public Optional<Status.Code> code() {
    return Optional.ofNullable(code);
  }

  /** Whether the server may have accepted the message: a try was sent whose answer is unknown. */
  public boolean maybeStored() {
    return maybeStored;
  }
}
