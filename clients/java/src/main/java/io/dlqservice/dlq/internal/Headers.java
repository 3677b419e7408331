package io.dlqservice.dlq.internal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Limits what callers put into headers. The service would refuse a message with a longer value. */
public final class Headers {
  /** Limit of a source id and of a media type. */
  private static final int MAX_IDENTITY_BYTES = 256;

  private static final int MAX_ATTRIBUTE_BYTES = 4 * 1024;

  private Headers() {}

  /**
   * A source id or a media type; empty if it is missing or too long.
   *
   * @param given null for none
   */
  public static Optional<String> identity(String given) {
    return Optional.ofNullable(given)
        .filter(text -> !text.isEmpty() && fits(text, MAX_IDENTITY_BYTES));
  }

  /** Cuts a text to the limit of an attribute. */
  public static String attribute(String given) {
    byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= MAX_ATTRIBUTE_BYTES) return given;
    int end = MAX_ATTRIBUTE_BYTES;
    while (isWithinCharacter(bytes[end])) end--;
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static boolean isWithinCharacter(byte one) {
    return (one & 0xC0) == 0x80;
  }

  public static boolean fits(String text, int maxBytes) {
    return text.getBytes(StandardCharsets.UTF_8).length <= maxBytes;
  }
}
