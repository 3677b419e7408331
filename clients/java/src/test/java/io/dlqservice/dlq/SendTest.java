package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.testing.LocalServer;
import io.dlqservice.dlq.testing.LocalServerExtension;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.StatsRequest;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalServerExtension.class)
class SendTest {
  private final String queue = "q-" + UUID.randomUUID();

  private static DlqClient clientOf(LocalServer server) {
    return DlqClient.builder(server.target()).service("tests").withoutSpool().build();
  }

  @Test
  void returnsWhatTheServiceStored(LocalServer server) {
    try (DlqClient dlq = clientOf(server)) {
      SendResult result =
          dlq.send(queue, Map.of("id", "order-42"), new ConnectException("Connection refused"));
      Stored stored = (Stored) result;
      assertEquals(SendStatus.SENT, stored.status());
      assertEquals(MessageState.SCHEDULED, stored.state());
      assertEquals(Reason.NETWORK_ERROR, stored.reason());
      assertTrue(stored.dueTime().isPresent());
      assertEquals(queue, stored.queue());
    }
  }

  @Test
  void concurrentSendsAreSeparateMessages(LocalServer server) {
    try (DlqClient dlq = clientOf(server)) {
      List<CompletableFuture<SendResult>> sends =
          IntStream.range(0, 1_000).mapToObj(n -> dlq.sendAsync(queue, "m" + n, null)).toList();
      long distinct = sends.stream().map(send -> ((Stored) send.join()).id()).distinct().count();
      assertEquals(1_000, distinct);
      long accepted =
          DlqServiceGrpc.newBlockingStub(dlq.channel())
              .stats(StatsRequest.newBuilder().addQueues(queue).build())
              .getQueues(0)
              .getTotals()
              .getAccepted();
      assertEquals(1_000, accepted);
    }
  }

  @Test
  void neverThrows() {
    try (DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build()) {
      SendOptions shortTimeout = SendOptions.builder().timeout(Duration.ofMillis(200)).build();
      Dropped dropped = (Dropped) dlq.send(queue, "a", new Exception("b"), shortTimeout);
      assertEquals(ErrorKind.DEADLINE, dropped.error().kind());
      assertSame(dropped.error(), assertThrows(DlqException.class, dropped::orThrow));
    }
  }

  @Test
  void aSendThatReachedNoServerIsNotMaybeStored() {
    try (DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build()) {
      SendOptions shortTimeout = SendOptions.builder().timeout(Duration.ofMillis(200)).build();
      // The first may time out during a try, whose effect is unknown.
      Poll.until(() -> !((Dropped) dlq.send(queue, "a", null, shortTimeout)).error().maybeStored());
    }
  }

  @Test
  void aValueThatIsNotJsonIsDroppedAsInvalid() {
    try (DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build()) {
      Dropped dropped = (Dropped) dlq.send(queue, Double.NaN, null);
      assertEquals(ErrorKind.INVALID, dropped.error().kind());
    }
  }

  @Test
  void aClosedClientDropsSends() {
    DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    dlq.close();
    Dropped dropped = (Dropped) dlq.send(queue, "a", null);
    assertEquals(ErrorKind.CLOSED, dropped.error().kind());
  }

  @Test
  void cancellingTheFutureCancelsTheSend() {
    CompletableFuture<ErrorKind> dropped = new CompletableFuture<>();
    try (DlqClient dlq =
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .onDropped((error, where) -> dropped.complete(error.kind()))
            .build()) {
      dlq.sendAsync(queue, "a", null).cancel(false);
      assertEquals(ErrorKind.ABORTED, dropped.join());
    }
  }

  @Test
  void unsentMessagesAreSpooledAndSentLater(LocalServer server, @TempDir Path folder) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    SendOptions shortTimeout = SendOptions.builder().timeout(Duration.ofMillis(300)).build();
    server.stop();
    try (DlqClient dlq = DlqClient.builder(server.target()).service("tests").spool(spool).build()) {
      assertEquals(new Spooled(true), dlq.send(queue, "a", null, shortTimeout));
      assertEquals(new Spooled(true), dlq.send(queue, "b", null, shortTimeout));
    }
    startAgain(server);
    try (DlqClient next =
        DlqClient.builder(server.target()).service("tests").spool(spool).build()) {
      Poll.until(() -> accepted(next) == 2);
      Poll.until(() -> folder.resolve("tests").toFile().list().length == 0);
    }
  }

  @Test
  void aWrappedFunctionReturnsNullForAKeptMessage(LocalServer server) throws Exception {
    try (DlqClient dlq = clientOf(server)) {
      ThrowingFunction<String, Integer> parse = dlq.deadLetter(queue, Integer::parseInt);
      assertEquals(7, parse.apply("7"));
      assertNull(parse.apply("seven"));
      assertEquals(1, accepted(dlq));
    }
  }

  @Test
  void aWrappedFunctionThrowsItsErrorIfTheMessageIsNotKept() {
    try (DlqClient dlq =
        DlqClient.builder("127.0.0.1:1").withoutSpool().timeout(Duration.ofMillis(200)).build()) {
      ThrowingFunction<String, Integer> parse = dlq.deadLetter(queue, Integer::parseInt);
      assertThrows(NumberFormatException.class, () -> parse.apply("seven"));
    }
  }

  private long accepted(DlqClient dlq) {
    return DlqServiceGrpc.newBlockingStub(dlq.channel())
        .stats(StatsRequest.newBuilder().addQueues(queue).build())
        .getQueuesList()
        .stream()
        .mapToLong(one -> one.getTotals().getAccepted())
        .sum();
  }

  private static void startAgain(LocalServer server) {
    try {
      server.startAgain();
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }
}
