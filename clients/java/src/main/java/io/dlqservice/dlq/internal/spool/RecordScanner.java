package io.dlqservice.dlq.internal.spool;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the records of a file. Skips damaged bytes up to the next valid record. */
final class RecordScanner {
  /** A record and its offset in the file. */
  record Found(int offset, int type, ByteBuffer body) {
    int bytes() {
      return Framing.RECORD_HEAD_BYTES + body.remaining();
    }
  }

  private final byte[] bytes;
  private final List<Found> records = new ArrayList<>();
  private int skippedBytes;

  /**
   * @param from the offset of the first record
   */
  RecordScanner(byte[] bytes, int from) {
    this.bytes = bytes;
    scan(from);
  }

  List<Found> records() {
    return records;
  }

  /** Number of damaged bytes, without a record that is cut off at the end. */
  int skippedBytes() {
    return skippedBytes;
  }

  private void scan(int from) {
    int at = from;
    int cutOffAt = -1;
    while (at < bytes.length) {
      Optional<Found> found = recordAt(at);
      if (found.isPresent()) {
        records.add(found.get());
        cutOffAt = -1;
        at += found.get().bytes();
        continue;
      }
      if (cutOffAt < 0 && isCutOff(at)) cutOffAt = at;
      int next = nextMagic(at + 1);
      skippedBytes += next - at;
      at = next;
    }
    if (cutOffAt >= 0) skippedBytes -= bytes.length - cutOffAt;
  }

  private Optional<Found> recordAt(int at) {
    int left = bytes.length - at;
    if (left < Framing.RECORD_HEAD_BYTES || !hasMagic(at)) return Optional.empty();
    int length = lengthAt(at);
    if (length < 0 || length > left - Framing.RECORD_HEAD_BYTES) return Optional.empty();
    int crc = ByteBuffer.wrap(bytes).getInt(at + Framing.CRC_AT);
    if (crc != Framing.crcOf(bytes, at, length)) return Optional.empty();
    ByteBuffer body = ByteBuffer.wrap(bytes, at + Framing.RECORD_HEAD_BYTES, length).slice();
    return Optional.of(new Found(at, bytes[at + Framing.MAGIC.length], body));
  }

  /** Whether a record begins here and the file ends before it does. */
  private boolean isCutOff(int at) {
    int left = bytes.length - at;
    if (!hasMagic(at)) return false;
    return left < Framing.RECORD_HEAD_BYTES || lengthAt(at) > left - Framing.RECORD_HEAD_BYTES;
  }

  /** At the end of the file the first bytes of the magic are enough. */
  private boolean hasMagic(int at) {
    int count = Math.min(Framing.MAGIC.length, bytes.length - at);
    return ByteBuffer.wrap(bytes, at, count).equals(ByteBuffer.wrap(Framing.MAGIC, 0, count));
  }

  /** -1 if it is above the limit. */
  private int lengthAt(int at) {
    int length = ByteBuffer.wrap(bytes).getInt(at + Framing.MAGIC.length + 1);
    return length < 0 || length > Framing.MAX_BODY_BYTES ? -1 : length;
  }

  private int nextMagic(int from) {
    for (int at = from; at < bytes.length; at++) {
      if (bytes[at] == Framing.MAGIC[0] && hasMagic(at)) return at;
    }
    return bytes.length;
  }
}
