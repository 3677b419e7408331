package io.dlqservice.dlq.internal.spool;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Spooled messages that are still to be sent: those of one file, or those in memory. */
public interface SpoolSource {
  /**
   * One spooled message.
   *
   * @param position its place in the source; later messages have larger ones
   * @param request empty if it can no longer be read
   */
  record Entry(long position, Optional<SendToDlqRequest> request) {}

  /** Names the source in the log. */
  String name();

  int count();

  /**
   * Returns the oldest messages after a position, up to both limits. A message above {@code
   * maxBytes} is returned alone.
   */
  List<Entry> read(long after, int maxMessages, int maxBytes) throws IOException;
}
