package io.dlqservice.dlq.internal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What whoever makes a request chooses for it. The service refuses a message for one that is longer
 * than it takes, which must not cost the message.
 */
public final class Headers {
  /** Of a source id, and of a media type. */
  private static final int MOST_IDENTITY_BYTES = 256;

  private static final int MOST_ATTRIBUTE_BYTES = 4 * 1024;

  private Headers() {}

  /**
   * A source id or a media type; empty for none, and where it is too long.
   *
   * @param given null for none
   */
  public static Optional<String> identity(String given) {
    return Optional.ofNullable(given)
        .filter(text -> !text.isEmpty() && fits(text, MOST_IDENTITY_BYTES));
  }

  /** As much as an attribute of a message may have. */
  public static String attribute(String given) {
    byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= MOST_ATTRIBUTE_BYTES) return given;
    int end = MOST_ATTRIBUTE_BYTES;
    while (isWithinCharacter(bytes[end])) end--;
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static boolean isWithinCharacter(byte one) {
    return (one & 0xC0) == 0x80;
  }

  public static boolean fits(String text, int mostBytes) {
    return text.getBytes(StandardCharsets.UTF_8).length <= mostBytes;
  }
}
