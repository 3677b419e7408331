package io.dlqservice.dlq.spool;

import java.io.IOException;
import java.util.List;

/** Letters that wait for their delivery: a file of them, or those in memory. */
public interface LetterStore {
  /** How many wait. */
  int count();

  /**
   * The oldest of those beyond a position, as many as go in one call; one that is larger goes
   * alone.
   */
  List<StoredLetter> read(long after, int maxLetters, int maxBytes) throws IOException;
}
