package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.spool.Placed;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
}
