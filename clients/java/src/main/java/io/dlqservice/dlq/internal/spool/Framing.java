package io.dlqservice.dlq.internal.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** The format of records in a spool file. */
final class Framing {
  // Record types. A reader skips unknown types.
  static final int OWNER = 1;
  static final int MESSAGE = 2;
  static final int DONE = 3;

  private static final byte[] HEADER = "DLQ-SPOOL 1\n".getBytes(StandardCharsets.US_ASCII);
  static final int HEADER_BYTES = HEADER.length;
  static final int MAX_BODY_BYTES = 8 * 1024 * 1024;
  static final byte[] MAGIC = {(byte) 0x89, 0x44, 0x4c, 0x51};

  /** Type and length of a record. */
  private static final int CHECKED_BYTES = 5;

  static final int CRC_AT = MAGIC.length + CHECKED_BYTES;

  /** Bytes of a record before its body. */
  static final int RECORD_HEAD_BYTES = CRC_AT + Integer.BYTES;

  private Framing() {}

  static byte[] header() {
    return HEADER.clone();
  }

  static boolean hasHeader(byte[] file) {
    return file.length >= HEADER.length
        && ByteBuffer.wrap(file, 0, HEADER.length).equals(ByteBuffer.wrap(HEADER));
  }

  static byte[] encode(int type, byte[] body) {
    ByteBuffer record = ByteBuffer.allocate(RECORD_HEAD_BYTES + body.length);
    record.put(MAGIC).put((byte) type).putInt(body.length).putInt(0).put(body);
    record.putInt(CRC_AT, crcOf(record.array(), 0, body.length));
    return record.array();
  }

  /** The checksum of type, length and body of the record at an offset. */
  static int crcOf(byte[] bytes, int at, int bodyBytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes, at + MAGIC.length, CHECKED_BYTES);
    crc.update(bytes, at + RECORD_HEAD_BYTES, bodyBytes);
    return (int) crc.getValue();
  }
}
