package io.dlqservice.dlq.spool;

/** What records are of. A type that a reader does not know it passes over. */
final class RecordType {
  static final int OWNER = 1;
  static final int LETTER = 2;
  static final int DONE = 3;

  private RecordType() {}
}
