package io.dlqservice.dlq;

/** Why a call of the client failed. Later versions may add kinds. */
public enum ErrorKind {
  /** No answer came within the timeout. */
  DEADLINE("deadline"),
  /** More sends are pending than {@link CoalesceOptions} allow, and there is no spool. */
  BUFFER_FULL("buffer-full"),
  /** The message could not be sent in time, and the spool has no room. */
  SPOOL_FULL("spool-full"),
  /** The server refused the request. */
  REFUSED("refused"),
  /** The server requires another token. */
  UNAUTHENTICATED("unauthenticated"),
  /** The message cannot be encoded. */
  INVALID("invalid"),
  /** The caller cancelled the send. */
  ABORTED("aborted"),
  /** The client was closed. */
  CLOSED("closed"),
  /** A handler threw; see the cause. */
  HANDLER_FAILED("handler-failed"),
  /** An outcome came too late and does not count. */
  LEASE_LOST("lease-lost"),
  /** A worker's stream broke and opens again, or a ping got no answer. */
  CONNECTION("connection");

  private final String label;

  ErrorKind(String label) {
    this.label = label;
  }

  /** Returns the kind's name in all clients, such as {@code buffer-full}. */
  @Override
  public String toString() {
    return label;
  }
}
