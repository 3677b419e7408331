package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.internal.spool.SpoolResult;
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
  private static final SendRequest REQUEST =
      SendRequest.of(SendToDlqRequest.newBuilder().setRequestId("r").setQueue("q").build());

  private final Loop loop = new Loop("test");
  private ReconnectingChannel channel;

  @AfterEach
  void close() {
    if (channel != null) loop.execute(channel::close);
    loop.close();
  }

  private static Connection connectTo(String target) {
    return new Connector(Target.of(target, false), null, null, List.of()).connect();
  }

  private Sender sender(Supplier<Connection> connect, SendSpool spool) {
    channel = new ReconnectingChannel(connect, loop);
    return new Sender(
        loop, channel, new Reachability(), spool, CoalesceOptions.builder().build(), MINUTE_MS);
  }

  /** A slow disk. */
  private static final class SlowSpool implements SendSpool {
    final CompletableFuture<SendRequest> begun = new CompletableFuture<>();
    final CompletableFuture<SpoolResult> result = new CompletableFuture<>();

    @Override
    public long maxBytes() {
      return 1;
    }

    @Override
    public CompletableFuture<SpoolResult> keep(SendRequest message) {
      begun.complete(message);
      return result;
    }

    @Override
    public void warn(CallError error) {}
  }

  @Test
  void aRefusalDuringSpoolingIsIgnored() throws Exception {
    CountDownLatch mayAnswer = new CountDownLatch(1);
    CountDownLatch isCalled = new CountDownLatch(1);
    SlowSpool disk = new SlowSpool();
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              isCalled.countDown();
              await(mayAnswer);
              return Optional.of(
                  ScriptedServer.refusal(Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST", "no"));
            })) {
      Sender sender = sender(() -> connectTo(server.target()), disk);
      PendingSend send = sender.add(REQUEST, MINUTE_MS, result -> {});
      isCalled.await();
      CompletableFuture<Void> done = sender.giveUpAll();
      disk.begun.join();
      mayAnswer.countDown();
      Poll.until(() -> send.result.isDone() || isAnswered(send));
      assertFalse(send.result.isDone(), "the send is dropped, and the spool drops it again");
      disk.result.complete(SpoolResult.DISK);
      done.get(20, TimeUnit.SECONDS);
      assertEquals(new Spooled(true), send.result.join());
    }
  }

  private boolean isAnswered(PendingSend send) {
    return CompletableFuture.supplyAsync(() -> !send.isInCall, loop).join();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void withoutAConnectionSendsGoToTheSpoolAtOnce() throws Exception {
    for (String target : List.of("127.0.0.1:1", "no-such-host.invalid:1")) {
      SlowSpool disk = new SlowSpool();
      disk.result.complete(SpoolResult.DISK);
      PendingSend send =
          sender(() -> connectTo(target), disk).add(REQUEST, MINUTE_MS, result -> {});
      assertEquals(new Spooled(true), send.result.get(20, TimeUnit.SECONDS), target);
      assertFalse(send.maybeStored());
      loop.execute(channel::close);
    }
  }

  @Test
  void sendsContinueIfNoConnectionCanBeMade() {
    AtomicInteger made = new AtomicInteger();
    Sender sender =
        sender(
            () -> {
              if (made.incrementAndGet() > 1) throw new OutOfMemoryError("no memory");
              return connectTo("127.0.0.1:1");
            },
            null);
    PendingSend send = sender.add(REQUEST, MINUTE_MS, result -> {});
    Poll.until(() -> made.get() > 6); // more than the concurrent calls
    sender.giveUpAll().join();
    assertMentions("Connection refused", ((Dropped) send.result.join()).error());
  }

  private static void assertMentions(String text, DlqException error) {
    assertTrue(error.getMessage().contains(text), error.getMessage());
    assertEquals(Optional.of(Status.Code.UNAVAILABLE), error.code());
  }

  @Test
  void aMessageAboveTheBufferLimitIsDropped() {
    CoalesceOptions small = CoalesceOptions.builder().maxPendingBytes(1_000).build();
    try (DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().coalesce(small).build()) {
      DlqException error = ((Dropped) dlq.send("q", new byte[1_000], null)).error();
      assertEquals(ErrorKind.BUFFER_FULL, error.kind());
      assertFalse(error.getMessage().contains(" 0 sends"), error.getMessage());
      assertFalse(error.getMessage().startsWith("0 sends"), error.getMessage());
      assertTrue(error.getMessage().contains("more than the 1000"), error.getMessage());
    }
  }

  private static ScriptedServer withFullStore() throws IOException {
    return ScriptedServer.start(
        request ->
            Optional.of(
                Status.UNAVAILABLE.withDescription("the store is full").asRuntimeException()));
  }

  @Test
  void aCancelledSendReportsTheLastError() throws Exception {
    CompletableFuture<DlqException> dropped = new CompletableFuture<>();
    try (ScriptedServer server = withFullStore();
        DlqClient dlq =
            DlqClient.builder(server.target())
                .withoutSpool()
                .timeout(Duration.ofMinutes(1))
                .onDropped((error, queue) -> dropped.complete(error))
                .build()) {
      CompletableFuture<SendResult> send = dlq.sendAsync("q", "a", null);
      Poll.until(() -> server.calls.get() > 1); // the first one was answered
      send.cancel(false);
      DlqException error = dropped.get(20, TimeUnit.SECONDS);
      assertEquals(ErrorKind.ABORTED, error.kind());
      assertMentions("the store is full", error);
    }
  }

  @Test
  void aSendCutOffByACloseReportsTheLastError() throws Exception {
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
      assertMentions("the store is full", error);
    }
  }

  private static DlqClientBuilder withoutRoom(String target, Path folder) {
    return DlqClient.builder(target)
        .spool(SpoolOptions.builder().folder(folder).maxBytes(1).build())
        .timeout(Duration.ofMillis(300))
        .onDropped((error, queue) -> {});
  }

  @Test
  void aRefusedMessageWithoutRoomIsNotLoggedAsWaiting(@TempDir Path folder) throws Exception {
    try (CapturedLog logged = new CapturedLog();
        ScriptedServer server =
            ScriptedServer.start(
                request ->
                    Optional.of(
                        ScriptedServer.refusal(
                            Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED", "unknown token")))) {
      try (DlqClient dlq =
          withoutRoom(server.target(), folder).timeout(Duration.ofMinutes(1)).build()) {
        DlqException error = ((Dropped) dlq.send("q", "a", null)).error();
        assertEquals(ErrorKind.SPOOL_FULL, error.kind());
        assertEquals(Optional.of(Status.Code.UNAUTHENTICATED), error.code());
        assertTrue(error.getMessage().contains("unknown token"), error.getMessage());
        assertFalse(error.getMessage().contains("check that the server"), error.getMessage());
      }
      assertEquals(List.of(), logged.with("wait in the spool"));
    }
  }

  @Test
  void aFullSpoolReportsWhyTheServiceIsUnavailable(@TempDir Path folder) {
    try (DlqClient dlq = withoutRoom("127.0.0.1:1", folder).build()) {
      for (int n = 0; n < 2; n++) { // the second without a try
        DlqException error = ((Dropped) dlq.send("q", "a", null)).error();
        assertEquals(ErrorKind.SPOOL_FULL, error.kind());
        assertMentions("Connection refused", error);
      }
    }
  }
}
