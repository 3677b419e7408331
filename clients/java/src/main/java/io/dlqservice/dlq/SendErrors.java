package io.dlqservice.dlq;

import io.dlqservice.dlq.spool.Shelf;

/** Why a send was dropped, and what to do. */
final class SendErrors {
  private SendErrors() {}

  static DlqException bufferFull(int pending) {
    return new DlqException(
        ErrorKind.BUFFER_FULL,
        pending
            + " sends are pending already; send less at once, or raise maxPendingMessages and"
            + " maxPendingBytes of CoalesceOptions");
  }

  static DlqException spoolFull(PendingSend send, long maxBytes) {
    String words =
        "the spool has no room for it, its bound is "
            + maxBytes
            + " bytes; is the server at the target up? Else raise maxBytes of SpoolOptions";
    return withLastError(ErrorKind.SPOOL_FULL, words, send);
  }

  static DlqException tooLongForTheSpool(PendingSend send) {
    String words =
        "it is longer than the "
            + Shelf.MOST_LETTER_BYTES
            + " bytes that the spool has room for in a record; is the server at the target up? Else"
            + " keep large content elsewhere, and send a reference";
    return withLastError(ErrorKind.SPOOL_FULL, words, send);
  }

  static DlqException late(PendingSend send) {
    String words =
        "not sent in time: "
            + send.whyLate().words()
            + "; is the server at the target up? Keep the message elsewhere, or give a larger"
            + " timeout";
    return withLastError(ErrorKind.DEADLINE, words, send);
  }

  private static DlqException withLastError(ErrorKind kind, String words, PendingSend send) {
    CallError last = send.lastError;
    return last == null
        ? new DlqException(kind, words, null, null, send.maybeStored())
        : new DlqException(kind, words, last.code(), last.asException(), send.maybeStored());
  }

  static DlqException aborted(PendingSend send) {
    return new DlqException(
        ErrorKind.ABORTED, "the send was cancelled", null, null, send.maybeDelivered());
  }

  static DlqException closedBefore(PendingSend send) {
    return closedBefore(send.maybeStored());
  }

  static DlqException closedBefore(boolean maybeStored) {
    return new DlqException(
        ErrorKind.CLOSED, "the client was closed before this was sent", null, null, maybeStored);
  }

  static DlqException closed() {
    return new DlqException(ErrorKind.CLOSED, "the client is closed; send before that");
  }

  /**
   * @param call and what to do instead
   */
  static DlqException wouldWaitForItself(String call, String instead) {
    return new DlqException(
        ErrorKind.INVALID,
        call + " from an interceptor, a token supplier or a log would wait for itself; " + instead);
  }

  static DlqException invalid(Throwable cause) {
    String words = CauseChain.messageOf(cause);
    String type = cause.getClass().getName();
    String why = words.isEmpty() ? type : type + ": " + words;
    return new DlqException(ErrorKind.INVALID, "can't be sent: " + why, null, cause, false);
  }
}
