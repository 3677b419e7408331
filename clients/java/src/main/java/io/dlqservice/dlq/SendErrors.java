package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.spool.SpoolStore;

/** Errors of dropped sends, with advice. */
final class SendErrors {
  private static final String CLOSED_BEFORE = "the client was closed before it sent the message";

  private SendErrors() {}

  static DlqException bufferFull(int pending, SendRequest request, long maxPendingBytes) {
    if (request.bytes() > maxPendingBytes) {
      return new DlqException(
          ErrorKind.BUFFER_FULL,
          "the message has "
              + request.bytes()
              + " bytes, more than the "
              + maxPendingBytes
              + " that may be pending; store large content elsewhere, or raise maxPendingBytes of"
              + " CoalesceOptions");
    }
    return new DlqException(
        ErrorKind.BUFFER_FULL,
        pending
            + " sends are pending, the limit; send more slowly, or raise maxPendingMessages and"
            + " maxPendingBytes of CoalesceOptions");
  }

  static DlqException spoolFull(PendingSend send, long maxBytes) {
    String text =
        "the spool is full, its limit is "
            + maxBytes
            + " bytes"
            + whyNotSent(send)
            + "raise maxBytes of SpoolOptions";
    return withLastError(ErrorKind.SPOOL_FULL, text, send);
  }

  static DlqException tooLongForSpool(PendingSend send) {
    String text =
        "the message is too long for the spool, the limit is "
            + SpoolStore.MAX_MESSAGE_BYTES
            + " bytes"
            + whyNotSent(send)
            + "store large content elsewhere, and send a reference";
    return withLastError(ErrorKind.SPOOL_FULL, text, send);
  }

  static DlqException late(PendingSend send) {
    String text =
        "not sent in time: "
            + send.lateError().description()
            + "; check that the server at the target runs, or set a larger timeout";
    return withLastError(ErrorKind.DEADLINE, text, send);
  }

  private static String whyNotSent(PendingSend send) {
    return send.lastError == null
        ? "; check that the server at the target runs, or "
        : "; the send failed: " + send.lastError.description() + "; fix that, or ";
  }

  private static String withReason(String text, PendingSend send) {
    return send.lastError == null
        ? text
        : text + "; the last try failed: " + send.lastError.description();
  }

  private static DlqException withLastError(ErrorKind kind, String text, PendingSend send) {
    return withLastError(kind, text, send, send.maybeStored());
  }

  private static DlqException withLastError(
      ErrorKind kind, String text, PendingSend send, boolean maybeStored) {
    CallError last = send.lastError;
    return last == null
        ? new DlqException(kind, text, null, null, maybeStored)
        : new DlqException(kind, text, last.code(), last.asException(), maybeStored);
  }

  static DlqException aborted(PendingSend send) {
    String text = withReason("the send was cancelled", send);
    return withLastError(ErrorKind.ABORTED, text, send, send.maybeDelivered());
  }

  static DlqException closedBefore(PendingSend send) {
    return withLastError(ErrorKind.CLOSED, withReason(CLOSED_BEFORE, send), send);
  }

  /** The error of a message that was in memory only. */
  static DlqException closedBefore(boolean maybeStored) {
    return new DlqException(ErrorKind.CLOSED, CLOSED_BEFORE, null, null, maybeStored);
  }

  static DlqException closed() {
    return new DlqException(ErrorKind.CLOSED, "the client is closed; send before you close it");
  }

  /**
   * @param call the method, followed by what to do instead
   */
  static DlqException wouldDeadlock(String call, String instead) {
    return new DlqException(
        ErrorKind.INVALID,
        call
            + " would wait for itself in an interceptor, a token supplier or a logger; "
            + instead);
  }

  static DlqException invalid(Throwable cause) {
    String text = CauseChain.messageOf(cause);
    String type = cause.getClass().getName();
    String why = text.isEmpty() ? type : type + ": " + text;
    if (cause instanceof IllegalArgumentException && !text.isEmpty()) why = text; // says it all
    return new DlqException(
        ErrorKind.INVALID, "cannot encode the message: " + why, null, cause, false);
  }
}
