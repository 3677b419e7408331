package io.dlqservice.dlq.spool;

/** Where a letter went that is kept, or that there was no room for it. */
public enum Placed {
  DISK,
  MEMORY,
  FULL
}
