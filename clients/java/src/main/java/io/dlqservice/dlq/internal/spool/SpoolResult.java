package io.dlqservice.dlq.internal.spool;

/** Where a message was written, or why it was not. */
public enum SpoolResult {
  DISK,
  MEMORY,
  /** The spool has no room for it. */
  FULL,
  /** The message is longer than a record can be. */
  TOO_LONG
}
