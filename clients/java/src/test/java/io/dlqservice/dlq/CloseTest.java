package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.testing.FakeServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloseTest {
  private static final int SENDERS = 8;

  /** A program that sends, and ends without closing its clients. */
  static final class UnclosedProgram {
    private UnclosedProgram() {}

    public static void main(String[] args) {
      SpoolOptions spool = SpoolOptions.builder().folder(Path.of(args[0])).build();
      DlqClient dlq = DlqClient.builder("127.0.0.1:1").service("tests").spool(spool).build();
      DlqClient other = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
      dlq.sendAsync("q", "a", null);
      other.send("other", Double.NaN, null);
      System.exit(0);
    }
  }

  @RepeatedTest(5)
  void aSendDuringACloseGetsAResult() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
      CountDownLatch sending = new CountDownLatch(SENDERS);
      List<CompletableFuture<ErrorKind>> last = new ArrayList<>();
      for (int sender = 0; sender < SENDERS; sender++) {
        last.add(CompletableFuture.supplyAsync(() -> sendUntilDropped(dlq, sending)));
      }
      sending.await();
      dlq.close();
      for (CompletableFuture<ErrorKind> kind : last) {
        assertEquals(ErrorKind.CLOSED, kind.get(20, TimeUnit.SECONDS));
      }
    }
  }

  private static ErrorKind sendUntilDropped(DlqClient dlq, CountDownLatch sending) {
    for (; ; ) {
      SendResult result = dlq.send("q", "a", null);
      if (result instanceof SendResult.Dropped dropped) return dropped.error().kind();
      sending.countDown();
    }
  }

  @Test
  void aSendAfterTheCloseIsDropped() {
    Loop loop = new Loop("test");
    ReconnectingChannel channel =
        new ReconnectingChannel(
            () -> new Connector(Target.of("127.0.0.1:1", false), null, null, List.of()).connect(),
            loop);
    CoalesceOptions coalesce = CoalesceOptions.builder().build();
    Sender sender = new Sender(loop, channel, new Reachability(), null, coalesce, 100);
    sender.close().join();
    SendRequest message =
        SendRequest.of(io.dlqservice.dlq.v1.SendToDlqRequest.getDefaultInstance());
    SendResult result =
        sender.add(message, 60_000, ignored -> {}).result.orTimeout(5, TimeUnit.SECONDS).join();
    assertEquals(ErrorKind.CLOSED, ((SendResult.Dropped) result).error().kind());
    loop.execute(channel::close);
    loop.close();
  }

  /** The first drop is logged at once, and the others a second later. */
  @Test
  void aCloseLogsDropsBeforeItReturns() {
    DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    SendOptions soon = SendOptions.builder().timeout(Duration.ofMillis(50)).build();
    try (CapturedLog logged = new CapturedLog()) {
      for (int n = 0; n < 3; n++) dlq.send("q", "a", null, soon);
      dlq.close();
      List<String> logs = logged.with(" for queue \"q\" (");
      assertEquals(2, logs.size(), logs.toString());
      assertTrue(
          logs.get(1).contains("dropped 2 messages, the last for queue \"q\" (deadline): "),
          logs.toString());
      dlq.send("q", "a", null);
      assertEquals(3, logged.with(" for queue \"q\" (").size());
    }
  }

  @Test
  void aCloseEndsAllThreads(@TempDir Path folder) throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
      DlqClient dlq =
          DlqClient.builder(fake.target()).spool(spool).onDropped((error, queue) -> {}).build();
      dlq.worker("q").start(delivery -> {});
      dlq.send("q", "a", null);
      assertTrue(threads() > 0);
      dlq.close();
      Poll.until(() -> threads() == 0);
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("dlq-client"))
        .count();
  }

  @Test
  void aCloseTakesAnyDuration() {
    DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    dlq.close(ChronoUnit.FOREVER.getDuration());
    assertEquals(SendStatus.DROPPED, dlq.send("q", "a", null).status());
    DlqClient other = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    other.close(Duration.ofSeconds(-1));
    other.close();
  }

  @Test
  void aProgramThatEndsWithoutACloseSpoolsItsSendsAndLogsDrops(@TempDir Path folder)
      throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                UnclosedProgram.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertEquals(1, filesIn(folder.resolve("tests")), output);
    assertTrue(output.contains("dropped a message for queue \"other\""), output);
  }

  private static long filesIn(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return 0;
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  /** Returns the error of a call that would deadlock; empty without an error. */
  private static String errorOf(Runnable call) {
    try {
      call.run();
      return "";
    } catch (DlqException error) {
      return error.getMessage();
    }
  }

  /** A token supplier, which runs in the client's thread: calls a waiting method there, once. */
  private record Once(CompletableFuture<String> error, Supplier<Runnable> call)
      implements Supplier<String> {
    @Override
    public String get() {
      if (!error.isDone()) error.complete(errorOf(call.get()));
      return "token";
    }
  }

  @Test
  void aFlushThatWouldDeadlockThrows() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      AtomicReference<DlqClient> dlq = new AtomicReference<>();
      Once token = new Once(new CompletableFuture<>(), () -> dlq.get()::flush);
      dlq.set(DlqClient.builder(fake.target()).withoutSpool().token(token).build());
      SendResult result = dlq.get().sendAsync("q", "a", null).get(20, TimeUnit.SECONDS);
      assertTrue(token.error().join().contains("would wait for itself"), token.error().join());
      assertEquals(SendStatus.SENT, result.status());
      dlq.get().close();
    }
  }

  @Test
  void aCloseThatWouldDeadlockDoesNotWait() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      AtomicReference<DlqClient> dlq = new AtomicReference<>();
      Once token = new Once(new CompletableFuture<>(), () -> dlq.get()::close);
      dlq.set(DlqClient.builder(fake.target()).withoutSpool().token(token).build());
      SendResult result = dlq.get().sendAsync("q", "a", null).get(20, TimeUnit.SECONDS);
      assertEquals(SendStatus.SENT, result.status());
      CompletableFuture.runAsync(() -> dlq.get().close()).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void aHandlerMayCloseItsWorkerAndClient() throws Exception {
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      AtomicReference<Worker> worker = new AtomicReference<>();
      worker.set(dlq.worker("own").start(delivery -> worker.get().close()));
      dlq.send("own", "a", null);
      fake.await("own", MessageState.SUCCEEDED, 1);
      worker.get().done().get(20, TimeUnit.SECONDS);
      Worker last = dlq.worker("all").start(delivery -> dlq.close());
      dlq.send("all", "a", null);
      fake.await("all", MessageState.SUCCEEDED, 1);
      last.done().get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void whoWaitsForItHoldsUpNobodyElse() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch isClosing = new CountDownLatch(1);
      CompletableFuture<String> error = new CompletableFuture<>();
      dlq.worker("q")
          .start(
              delivery -> {
                begun.countDown();
                isClosing.await();
                error.complete(errorOf(() -> dlq.worker("q").start(another -> {})));
              });
      dlq.send("q", "a", null);
      begun.await();
      Thread first = new Thread(dlq::close);
      first.start();
      Poll.until(() -> first.getState() == Thread.State.WAITING);
      Thread second = new Thread(dlq::close);
      second.start();
      Poll.until(() -> second.getState() == Thread.State.WAITING);
      isClosing.countDown();
      assertTrue(error.get(10, TimeUnit.SECONDS).contains("is closed"));
      first.join();
      second.join();
    }
  }

  @Test
  void aShorterCloseShortensTheFirst() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
      CountDownLatch begun = new CountDownLatch(1);
      dlq.worker("q")
          .start(
              delivery -> {
                begun.countDown();
                new CountDownLatch(1).await();
              });
      dlq.send("q", "a", null);
      begun.await();
      Thread first = new Thread(dlq::close);
      first.start();
      Poll.until(() -> first.getState() == Thread.State.WAITING);
      CompletableFuture.runAsync(() -> dlq.close(Duration.ZERO)).get(10, TimeUnit.SECONDS);
      first.join();
    }
  }

  @Test
  void aCloseReportsDropsBeforeItReturns() {
    AtomicInteger calls = new AtomicInteger();
    DlqClient dlq =
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMinutes(1))
            .onDropped(
                (error, queue) -> {
                  LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                  calls.incrementAndGet();
                })
            .build();
    for (int n = 0; n < 5; n++) dlq.sendAsync("q", "a", null);
    dlq.close(Duration.ZERO);
    assertEquals(5, calls.get());
  }

  @Test
  void aListenerMayFlushAndCloseItsClient() throws Exception {
    for (Consumer<DlqClient> call :
        List.<Consumer<DlqClient>>of(DlqClient::flush, DlqClient::close)) {
      AtomicReference<DlqClient> dlq = new AtomicReference<>();
      CompletableFuture<Void> returned = new CompletableFuture<>();
      dlq.set(
          DlqClient.builder("127.0.0.1:1")
              .withoutSpool()
              .timeout(Duration.ofMillis(50))
              .onDropped(
                  (error, queue) -> {
                    call.accept(dlq.get());
                    returned.complete(null);
                  })
              .build());
      dlq.get().send("q", "a", null);
      returned.get(4, TimeUnit.SECONDS); // sooner than a close stops waiting for listeners
      dlq.get().close();
    }
  }

  @Test
  void aFlushWaitsForTheListener() throws Exception {
    CountDownLatch isCalled = new CountDownLatch(1);
    CountDownLatch flushed = new CountDownLatch(1);
    CompletableFuture<Boolean> wasTooEarly = new CompletableFuture<>();
    try (DlqClient dlq =
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMillis(50))
            .onDropped(
                (error, queue) -> {
                  isCalled.countDown();
                  try {
                    wasTooEarly.complete(flushed.await(100, TimeUnit.MILLISECONDS));
                  } catch (InterruptedException interrupted) {
                    wasTooEarly.completeExceptionally(interrupted);
                  }
                })
            .build()) {
      dlq.sendAsync("q", "a", null);
      isCalled.await();
      dlq.flush();
      flushed.countDown();
      assertFalse(wasTooEarly.get(20, TimeUnit.SECONDS), "the listener still ran");
    }
  }
}
