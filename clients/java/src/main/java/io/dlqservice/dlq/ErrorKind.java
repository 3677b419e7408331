package io.dlqservice.dlq;

/** Why a call of the client did not do what was asked. Later versions may add kinds. */
public enum ErrorKind {
  /** No answer within the timeout. */
  DEADLINE("deadline"),
  /** More is pending than {@link CoalesceOptions} allow, and there is no spool. */
  BUFFER_FULL("buffer-full"),
  /** It could not be sent in time, and there is no room to keep it. */
  SPOOL_FULL("spool-full"),
  /** The server looked at it and said no. */
  REFUSED("refused"),
  /** The server wants a token, or another one. */
  UNAUTHENTICATED("unauthenticated"),
  /** It can't be put on the wire. */
  INVALID("invalid"),
  /** The caller cancelled it. */
  ABORTED("aborted"),
  /** The client was closed. */
  CLOSED("closed"),
  /** An outcome came too late and does not count. */
  LEASE_LOST("lease-lost"),
  /** A worker's stream broke; it is opened again. */
  CONNECTION("connection");

  private final String label;

  ErrorKind(String label) {
    this.label = label;
  }

  /** The name that all clients have for it, such as {@code buffer-full}. */
  @Override
  public String toString() {
    return label;
  }
}
