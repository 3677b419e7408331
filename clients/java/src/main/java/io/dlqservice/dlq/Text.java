package io.dlqservice.dlq;

import java.nio.charset.StandardCharsets;

/** Strings as UTF-8 can hold them. */
final class Text {
  private Text() {}

  /** Half of a pair of surrogates alone is no text: it becomes a question mark. */
  static String wellFormed(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (Character.isSurrogate(text.charAt(at))) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    return text;
  }

  /** Cut so that the server still sees that there was more. */
  static String cut(String text, int maxBytes) {
    String all = text == null ? "" : text;
    return wellFormed(all.length() > maxBytes + 1 ? all.substring(0, maxBytes + 1) : all);
  }
}
