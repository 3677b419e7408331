package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a client takes as the address of its server. */
class TargetTest {
  private static final TlsOptions TLS = TlsOptions.builder().build();
  private static final String TOKEN = "secret-of-the-shop";

  private static String addressOf(String text) {
    return Target.of(text, false).address();
  }

  @Test
  void isAHostAndPortOrAUrl() {
    assertEquals("dlq.internal:50051", addressOf("dlq.internal:50051"));
    assertEquals("[::1]:50051", addressOf("[::1]:50051"));
    assertEquals("dlq.internal:50051", addressOf("http://dlq.internal:50051"));
    assertEquals("127.0.0.1:50051", addressOf("http://127.0.0.1:50051/"));
    assertEquals("dlq.internal:443", addressOf("https://dlq.internal"));
    assertEquals("dlq.internal:50051", addressOf("dns:///dlq.internal:50051"));
    assertEquals(
        new Target("dns:1", "dns:///dns:1", false, Optional.of("dns")), Target.of("dns:1", false));
  }

  @Test
  void decidesOnTls() {
    assertEquals(false, Target.of("a:1", false).isTls());
    assertEquals(true, Target.of("a:1", true).isTls());
    assertEquals(false, Target.of("http://a:1", false).isTls());
    assertEquals(true, Target.of("https://a:1", false).isTls());
  }

  /** The messages would go in plaintext. */
  @Test
  void tlsOptionsWithAPlaintextTargetAreRefused() {
    DlqClientBuilder both = builder("http://a:1").tls(TLS);
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, both::build);
    assertTrue(refused.getMessage().endsWith("give an https:// target"), refused.getMessage());
  }

  @Test
  void isRefusedWithAdvice() {
    for (String text :
        List.of(
            "",
            " ",
            "dlq.internal",
            ":1",
            "http://",
            "http:///x",
            "https://:1",
            "ftp://a:1",
            "http://a:1/dlq",
            "a:1/dlq",
            "http://a:1?x",
            "http://me@a:1",
            "a:b",
            "a:99999")) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> DlqClient.builder(text), text);
      assertEquals(
          "target is \"" + text + "\"; give one such as 127.0.0.1:50051, or http://127.0.0.1:50051",
          refused.getMessage());
    }
  }

  private static DlqClientBuilder builder(String target) {
    return DlqClient.builder(target).withoutSpool();
  }

  @Test
  void aTokenInPlaintextToAnotherHostIsLoggedOnce() {
    try (CapturedLog logged = new CapturedLog()) {
      for (String local :
          List.of(
              "localhost:1",
              "LOCALHOST:1",
              "127.0.0.1:1",
              "127.1.2.3:1",
              "[::1]:1",
              "[0:0:0:0:0:0:0:1]:1",
              "http://[::1]:1",
              "https://a:1")) {
        builder(local).token(TOKEN).build().close();
      }
      builder("a:1").token(TOKEN).tls(TLS).build().close();
      builder("a:1").token("").build().close();
      builder("a:1").build().close();
      assertEquals(List.of(), logged.with("plaintext"));
      builder("127.example.com:1").token(TOKEN).build().close();
      assertEquals(1, logged.with("127.example.com:1 in plaintext").size());
      builder("a:1").token(TOKEN).build().close();
      List<String> lines = logged.with("goes to a:1 in plaintext");
      assertEquals(1, lines.size());
      String text = "the token goes to a:1 in plaintext; use https://a:1 and a server with TLS";
      assertEquals(text, lines.get(0).substring(lines.get(0).indexOf("the token")));
    }
  }
}
