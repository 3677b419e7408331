package io.dlqservice.dlq.spool;

/** Where a letter went that is kept, or why it is not. */
public enum Placed {
  DISK,
  MEMORY,
  /** There is no room for it. */
  FULL,
  /** It is longer than a record can be, whatever room there is. */
  TOO_LONG
}
