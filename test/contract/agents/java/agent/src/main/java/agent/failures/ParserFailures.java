package agent.failures;

import agent.failures.Failures.Act;
import com.google.gson.Gson;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;

/** Exceptions of parsers. */
final class ParserFailures {
  /** The type to parse. */
  static final class Order {
    int id;
  }

  private ParserFailures() {}

  static void addTo(Map<String, Act> all) {
    all.put("gson: HTML", () -> new Gson().fromJson("<html>", Order.class));
    all.put("gson: a wrong type", () -> new Gson().fromJson("{\"id\": \"five\"}", Order.class));
    all.put("parse: not a number", () -> Integer.parseInt("five"));
    all.put("parse: not a decimal", () -> new BigDecimal("five"));
    all.put("parse: not a date", () -> LocalDate.parse("soon"));
    all.put("parse: not an instant", () -> Instant.parse("2026-13-01T00:00:00Z"));
    all.put("parse: not a UUID", () -> UUID.fromString("17"));
    all.put("parse: not a member of an enum", () -> TimeUnit.valueOf("WEEKS"));
    all.put("parse: not a URI", () -> new URI("http://[::1"));
    all.put("parse: not a URL", () -> new URL("shop/orders"));
    all.put("parse: not base64", () -> Base64.getDecoder().decode("?"));
    all.put(
        "parse: not UTF-8",
        () -> StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(new byte[] {(byte) 255})));
    all.put("parse: cut XML", ParserFailures::parseXml);
  }

  private static void parseXml() throws Exception {
    DocumentBuilder parser = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    parser.setErrorHandler(null);
    parser.parse(new ByteArrayInputStream("<order>".getBytes(StandardCharsets.UTF_8)));
  }
}
