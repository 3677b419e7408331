package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.testing.LocalServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program can ask its client: status and ping. */
class StatusTest {
  private static final String TOKEN = "a-long-enough-secret-token";

  private static final Duration LONG = Duration.ofSeconds(20);

  private static String closedTarget() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  private static Map<SendStatus, Long> sends(Map<SendStatus, Long> counted) {
    Map<SendStatus, Long> all = new EnumMap<>(SendStatus.class);
    for (SendStatus status : SendStatus.values()) all.put(status, 0L);
    all.putAll(counted);
    return all;
  }

  @Test
  void theStatusSaysWhatWaitsInTheSpoolAndWhy(@TempDir Path folder) throws Exception {
    String target = closedTarget();
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    try (DlqClient dlq = DlqClient.builder(target).spool(spool).build()) {
      SpoolUsage empty = new SpoolUsage(0, 0, Duration.ZERO);
      assertEquals(
          new ClientStatus(true, Optional.empty(), Optional.of(empty), sends(Map.of())),
          dlq.status());
      for (String payload : new String[] {"a", "b"}) dlq.send("q", payload, null);
      ClientStatus status = dlq.status();
      assertFalse(status.isAvailable());
      String why = status.lastError().orElseThrow();
      assertTrue(why.startsWith(target + " does not answer: "), why);
      assertTrue(why.contains("Connection refused"), why);
      assertEquals(sends(Map.of(SendStatus.SPOOLED, 2L)), status.sends());
      SpoolUsage usage = status.spool().orElseThrow();
      assertEquals(2, usage.messages());
      assertTrue(usage.bytes() > 100, usage.toString());
      assertFalse(usage.oldestAge().isNegative(), usage.toString());
      assertTrue(usage.oldestAge().compareTo(Duration.ofMinutes(1)) < 0, usage.toString());
    }
  }

  @Test
  void theStatusCountsEachSend() throws Exception {
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq =
            DlqClient.builder(fake.target())
                .withoutSpool()
                .onDropped((error, queue) -> {})
                .build()) {
      dlq.send("q", "a", null);
      dlq.sendAsync("q", "b", null).join();
      dlq.send("", "refused", null);
      dlq.send("q", Double.NaN, null); // cannot be encoded
      ClientStatus status = dlq.status();
      assertTrue(status.isAvailable());
      assertEquals(Optional.empty(), status.spool());
      assertEquals(sends(Map.of(SendStatus.SENT, 2L, SendStatus.DROPPED, 2L)), status.sends());
    }
  }

  private static DlqException failure(String target, Duration timeout) {
    try (DlqClient dlq = DlqClient.builder(target).withoutSpool().build()) {
      return assertThrows(DlqException.class, () -> dlq.ping(timeout));
    }
  }

  private static void assertFails(ErrorKind kind, String text, DlqException error) {
    assertEquals(kind, error.kind());
    assertTrue(error.getMessage().contains(text), error.getMessage());
  }

  @Test
  void aPingSaysWhatIsWrong() throws Exception {
    String refused = closedTarget();
    assertFails(ErrorKind.CONNECTION, refused + " does not answer: ", failure(refused, LONG));
    try (ServerSocket silent = new ServerSocket(0)) {
      assertFails(
          ErrorKind.CONNECTION,
          " does not answer: ",
          failure("127.0.0.1:" + silent.getLocalPort(), Duration.ofMillis(300)));
    }
    try (FakeServer fake = FakeServer.start()) {
      DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
      assertTrue(dlq.ping().toNanos() > 0);
      dlq.close();
      assertFails(
          ErrorKind.CLOSED, "build another one", assertThrows(DlqException.class, dlq::ping));
    }
  }

  @Test
  void aPingNeedsAValidToken() throws Exception {
    try (LocalServer server = LocalServer.start(Map.of("DLQ_TOKENS", TOKEN))) {
      assertFails(
          ErrorKind.UNAUTHENTICATED, "a token of the server", failure(server.target(), LONG));
      try (DlqClient dlq = DlqClient.builder(server.target()).withoutSpool().token(TOKEN).build()) {
        assertTrue(dlq.ping(LONG).toNanos() > 0);
      }
    }
  }
}
