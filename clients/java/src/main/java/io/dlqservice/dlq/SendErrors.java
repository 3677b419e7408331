package io.dlqservice.dlq;

import io.dlqservice.dlq.spool.Shelf;

/** Why a send was dropped, and what to do. */
final class SendErrors {
  private static final String CLOSED_BEFORE = "the client was closed before this was sent";

  private SendErrors() {}

  static DlqException bufferFull(int pending, Letter letter, long maxPendingBytes) {
    if (letter.bytes() > maxPendingBytes) {
      return new DlqException(
          ErrorKind.BUFFER_FULL,
          "it takes "
              + letter.bytes()
              + " bytes, and no more than "
              + maxPendingBytes
              + " may be pending; keep large content elsewhere, or raise maxPendingBytes of"
              + " CoalesceOptions");
    }
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
            + " bytes"
            + whyNotSent(send)
            + "raise maxBytes of SpoolOptions";
    return withLastError(ErrorKind.SPOOL_FULL, words, send);
  }

  static DlqException tooLongForTheSpool(PendingSend send) {
    String words =
        "it is longer than the "
            + Shelf.MOST_LETTER_BYTES
            + " bytes that the spool has room for in a record"
            + whyNotSent(send)
            + "keep large content elsewhere, and send a reference";
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

  /** What to look at first, where that is known. */
  private static String whyNotSent(PendingSend send) {
    return send.lastError == null
        ? "; is the server at the target up? Else "
        : ", and it was not sent: " + send.lastError.words() + "; mend that, or ";
  }

  private static String withLastWords(String words, PendingSend send) {
    return send.lastError == null
        ? words
        : words + "; the server had not taken it: " + send.lastError.words();
  }

  private static DlqException withLastError(ErrorKind kind, String words, PendingSend send) {
    return withLastError(kind, words, send, send.maybeStored());
  }

  private static DlqException withLastError(
      ErrorKind kind, String words, PendingSend send, boolean maybeStored) {
    CallError last = send.lastError;
    return last == null
        ? new DlqException(kind, words, null, null, maybeStored)
        : new DlqException(kind, words, last.code(), last.asException(), maybeStored);
  }

  static DlqException aborted(PendingSend send) {
    String words = withLastWords("the send was cancelled", send);
    return withLastError(ErrorKind.ABORTED, words, send, send.maybeDelivered());
  }

  static DlqException closedBefore(PendingSend send) {
    return withLastError(ErrorKind.CLOSED, withLastWords(CLOSED_BEFORE, send), send);
  }

  /** Of what is in memory only. */
  static DlqException closedBefore(boolean maybeStored) {
    return new DlqException(ErrorKind.CLOSED, CLOSED_BEFORE, null, null, maybeStored);
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
