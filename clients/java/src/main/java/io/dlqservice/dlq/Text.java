package io.dlqservice.dlq;

import java.nio.charset.StandardCharsets;

/** Strings that UTF-8 can hold. */
final class Text {
  private Text() {}

  /** Replaces half a surrogate pair with a question mark. */
  static String wellFormed(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (Character.isSurrogate(text.charAt(at))) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    return text;
  }

  /** Replaces line ends and indents with a space. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** Keeps one char more than the limit, so that the server marks it as cut. */
  static String truncate(String text, int maxBytes) {
    String all = text == null ? "" : text;
    return wellFormed(all.length() > maxBytes + 1 ? all.substring(0, maxBytes + 1) : all);
  }
}
