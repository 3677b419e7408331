package io.dlqservice.dlq.servlet;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bodies of the type {@code multipart/form-data}, which the container reads. */
final class Multipart {
  private static final Pattern BOUNDARY =
      Pattern.compile(";\\s*boundary=(?:\"([^\"]+)\"|([^;\\s]+))", Pattern.CASE_INSENSITIVE);

  private Multipart() {}

  static boolean isMultipart(HttpServletRequest request) {
    String type = request.getContentType();
    return type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
  }

  /**
   * Puts the body together again.
   *
   * @return null if it is longer than {@code maxBytes}, or the type has no boundary
   */
  static byte[] bodyOf(String type, Collection<Part> parts, int maxBytes) throws IOException {
    Matcher boundary = BOUNDARY.matcher(type);
    if (!boundary.find()) return null;
    String line = "--" + (boundary.group(1) == null ? boundary.group(2) : boundary.group(1));
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Part part : parts) {
      if (part.getSize() > maxBytes - body.size()) return null;
      write(body, line + "\r\n");
      for (String name : part.getHeaderNames()) {
        for (String value : part.getHeaders(name)) write(body, name + ": " + value + "\r\n");
      }
      write(body, "\r\n");
      try (InputStream content = part.getInputStream()) {
        content.transferTo(body);
      }
      write(body, "\r\n");
    }
    write(body, line + "--\r\n");
    return body.size() > maxBytes ? null : body.toByteArray();
  }

  private static void write(ByteArrayOutputStream body, String text) {
    body.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
