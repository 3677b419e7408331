package io.dlqservice.dlq.spool;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the records of a file. What is damaged it passes over, up to the next valid record.
 */
final class RecordScanner {
  /** One record that was found, and where in the file it begins. */
  record Found(int offset, int type, ByteBuffer body) {
    int bytes() {
      return Framing.RECORD_HEAD_BYTES + body.remaining();
    }
  }

  private static final Found NONE = new Found(-1, 0, ByteBuffer.allocate(0));

  private final byte[] bytes;
  private final List<Found> records = new ArrayList<>();
  private int skippedBytes;

  /**
   * @param from where the first record begins
   */
  RecordScanner(byte[] bytes, int from) {
    this.bytes = bytes;
    scan(from);
  }

  List<Found> records() {
    return records;
  }

  /** Damaged; not those of a record that was cut off at the end of the file. */
  int skippedBytes() {
    return skippedBytes;
  }

  private void scan(int from) {
    int at = from;
    int cutOffAt = -1;
    while (at < bytes.length) {
      Found found = recordAt(at);
      if (found != null && found != NONE) {
        records.add(found);
        cutOffAt = -1;
        at += found.bytes();
        continue;
      }
      if (found == null && cutOffAt < 0) cutOffAt = at;
      int next = nextMagic(at + 1);
      skippedBytes += next - at;
      at = next;
    }
    if (cutOffAt >= 0) skippedBytes -= bytes.length - cutOffAt;
  }

  /**
   * @return null for one that is cut off, NONE where there is none
   */
  private Found recordAt(int at) {
    for (int i = 0; i < Framing.MAGIC.length && at + i < bytes.length; i++) {
      if (bytes[at + i] != Framing.MAGIC[i]) return NONE;
    }
    int left = bytes.length - at;
    if (left < Framing.RECORD_HEAD_BYTES) return null;
    ByteBuffer all = ByteBuffer.wrap(bytes);
    int length = all.getInt(at + Framing.MAGIC.length + 1);
    if (length < 0 || length > Framing.MOST_BODY_BYTES) return NONE;
    if (left - Framing.RECORD_HEAD_BYTES < length) return null;
    if (all.getInt(at + Framing.CRC_AT) != Framing.crcOf(bytes, at, length)) return NONE;
    ByteBuffer body = ByteBuffer.wrap(bytes, at + Framing.RECORD_HEAD_BYTES, length).slice();
    return new Found(at, bytes[at + Framing.MAGIC.length], body);
  }

  private int nextMagic(int from) {
    for (int at = from; at <= bytes.length - Framing.MAGIC.length; at++) {
      if (ByteBuffer.wrap(bytes, at, Framing.MAGIC.length).equals(MAGIC)) return at;
    }
    return bytes.length;
  }

  private static final ByteBuffer MAGIC = ByteBuffer.wrap(Framing.MAGIC);
}
