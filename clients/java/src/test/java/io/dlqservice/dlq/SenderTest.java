package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.spool.Placed;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SenderTest {
  private static final long MINUTE_MS = 60_000;
  private static final Letter LETTER =
      Letter.of(SendToDlqRequest.newBuilder().setRequestId("r").setQueue("q").build());

  private final Loop loop = new Loop("test");
  private Line line;

  @AfterEach
  void close() {
    if (line != null) loop.execute(line::close);
    loop.close();
  }

  private static Connection connectTo(String target) {
    return new Connector(target, null, null, List.of()).connect();
  }

  private Sender sender(Supplier<Connection> connect, Shelter shelter) {
    line = new Line(connect, loop);
    return new Sender(
        loop,
        line,
        new Reachability(),
        shelter,
        CoalesceOptions.builder().build(),
        MINUTE_MS,
        (error, queue) -> {});
  }

  /** A disk that takes its time. */
  private static final class SlowShelter implements Shelter {
    final CompletableFuture<Letter> begun = new CompletableFuture<>();
    final CompletableFuture<Placed> placed = new CompletableFuture<>();

    @Override
    public long maxBytes() {
      return 1;
    }

    @Override
    public CompletableFuture<Placed> keep(Letter letter) {
      begun.complete(letter);
      return placed;
    }

    @Override
    public void tellOf(CallError error) {}
  }

  @Test
  void aRefusalOfWhatIsOnItsWayToTheSpoolIsLeftToTheSpool() throws Exception {
    CountDownLatch mayAnswer = new CountDownLatch(1);
    CountDownLatch isAsked = new CountDownLatch(1);
    SlowShelter disk = new SlowShelter();
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              isAsked.countDown();
              await(mayAnswer);
              return Optional.of(
                  ScriptedServer.refusal(Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST", "no"));
            })) {
      Sender sender = sender(() -> connectTo(server.target()), disk);
      PendingSend send = sender.add(LETTER, MINUTE_MS);
      isAsked.await();
      CompletableFuture<Void> over = sender.giveUpAll();
      disk.begun.join();
      mayAnswer.countDown();
      Poll.until(() -> send.result.isDone() || isHeardOf(send));
      assertFalse(send.result.isDone(), "it is dropped, and in the spool, which tells it again");
      disk.placed.complete(Placed.DISK);
      over.get(20, TimeUnit.SECONDS);
      assertEquals(new Spooled(true), send.result.join());
    }
  }

  private boolean isHeardOf(PendingSend send) {
    return CompletableFuture.supplyAsync(() -> !send.isOut, loop).join();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aConnectionThatCantBeMadeEndsNoSends() {
    AtomicInteger made = new AtomicInteger();
    Sender sender =
        sender(
            () -> {
              if (made.incrementAndGet() > 1) throw new OutOfMemoryError("no room for another");
              return connectTo("127.0.0.1:1");
            },
            null);
    PendingSend send = sender.add(LETTER, MINUTE_MS);
    Poll.until(() -> made.get() > 6); // more than calls at a time
    sender.giveUpAll().join();
    assertSays("Connection refused", ((Dropped) send.result.join()).error());
  }

  private static void assertSays(String words, DlqException error) {
    assertTrue(error.getMessage().contains(words), error.getMessage());
    assertEquals(Optional.of(Status.Code.UNAVAILABLE), error.code());
  }

  @Test
  void whatIsLongerThanAllThatMayBePendingSaysSo() {
    CoalesceOptions small = CoalesceOptions.builder().maxPendingBytes(1_000).build();
    try (DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().coalesce(small).build()) {
      DlqException error = ((Dropped) dlq.send("q", new byte[1_000], null)).error();
      assertEquals(ErrorKind.BUFFER_FULL, error.kind());
      assertFalse(error.getMessage().contains(" 0 sends"), error.getMessage());
      assertFalse(error.getMessage().startsWith("0 sends"), error.getMessage());
      assertTrue(error.getMessage().contains("no more than 1000"), error.getMessage());
    }
  }

  private static ScriptedServer withFullStore() throws IOException {
    return ScriptedServer.start(
        request ->
            Optional.of(
                Status.UNAVAILABLE.withDescription("the store is full").asRuntimeException()));
  }

  @Test
  void aCancelledSendSaysWhatHadFailed() throws Exception {
    CompletableFuture<DlqException> told = new CompletableFuture<>();
    try (ScriptedServer server = withFullStore();
        DlqClient dlq =
            DlqClient.builder(server.target())
                .withoutSpool()
                .timeout(Duration.ofMinutes(1))
                .onDropped((error, queue) -> told.complete(error))
                .build()) {
      CompletableFuture<SendResult> send = dlq.sendAsync("q", "a", null);
      Poll.until(() -> server.calls.get() > 1); // the answer to the first one is known
      send.cancel(false);
      DlqException error = told.get(20, TimeUnit.SECONDS);
      assertEquals(ErrorKind.ABORTED, error.kind());
      assertSays("the store is full", error);
    }
  }

  @Test
  void aSendThatItsClientDidNotWaitForSaysWhatHadFailed() throws Exception {
    try (ScriptedServer server = withFullStore()) {
      DlqClient dlq =
          DlqClient.builder(server.target())
              .withoutSpool()
              .timeout(Duration.ofMinutes(1))
              .onDropped((error, queue) -> {})
              .build();
      CompletableFuture<SendResult> send = dlq.sendAsync("q", "a", null);
      Poll.until(() -> server.calls.get() > 1);
      dlq.close(Duration.ZERO);
      DlqException error = ((Dropped) send.join()).error();
      assertEquals(ErrorKind.CLOSED, error.kind());
      assertSays("the store is full", error);
    }
  }

  private static DlqClientBuilder withoutRoom(String target, Path folder) {
    return DlqClient.builder(target)
        .spool(SpoolOptions.builder().folder(folder).maxBytes(1).build())
        .timeout(Duration.ofMillis(300))
        .onDropped((error, queue) -> {});
  }

  @Test
  void whatIsRefusedAndFindsNoRoomIsNotToldAsKept(@TempDir Path folder) throws Exception {
    try (Logged logged = new Logged();
        ScriptedServer server =
            ScriptedServer.start(
                request ->
                    Optional.of(
                        ScriptedServer.refusal(
                            Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED", "who are you")))) {
      try (DlqClient dlq = withoutRoom(server.target(), folder).build()) {
        DlqException error = ((Dropped) dlq.send("q", "a", null)).error();
        assertEquals(ErrorKind.SPOOL_FULL, error.kind());
        assertEquals(Optional.of(Status.Code.UNAUTHENTICATED), error.code());
        assertTrue(error.getMessage().contains("who are you"), error.getMessage());
        assertFalse(error.getMessage().contains("up?"), error.getMessage());
      }
      assertEquals(List.of(), logged.with("keeps what"));
    }
  }

  @Test
  void whatFindsNoRoomWhileTheServiceIsAwaySaysWhy(@TempDir Path folder) {
    try (DlqClient dlq = withoutRoom("127.0.0.1:1", folder).build()) {
      for (int n = 0; n < 2; n++) { // the second one without a try of its own
        DlqException error = ((Dropped) dlq.send("q", "a", null)).error();
        assertEquals(ErrorKind.SPOOL_FULL, error.kind());
        assertSays("Connection refused", error);
      }
    }
  }
}
