package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.v1.MessageState;
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
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloseTest {
  private static final int SENDERS = 8;

  /** Sends in a process of its own that ends without closing its client. */
  static final class Forgetful {
    private Forgetful() {}

    public static void main(String[] args) {
      SpoolOptions spool = SpoolOptions.builder().folder(Path.of(args[0])).build();
      DlqClient dlq = DlqClient.builder("127.0.0.1:1").service("tests").spool(spool).build();
      dlq.sendAsync("q", "a", null);
      System.exit(0);
    }
  }

  @RepeatedTest(5)
  void whoSendsWhileItIsClosedHasAResult() throws Exception {
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
  void whatIsSentAfterTheSenderHasEndedIsDropped() {
    Loop loop = new Loop("test");
    Line line = new Line(() -> new Connector("127.0.0.1:1", null, null, List.of()).connect(), loop);
    CoalesceOptions coalesce = CoalesceOptions.builder().build();
    Sender sender =
        new Sender(loop, line, new Reachability(), null, coalesce, 100, (error, queue) -> {});
    sender.close().join();
    Letter letter = Letter.of(io.dlqservice.dlq.v1.SendToDlqRequest.getDefaultInstance());
    SendResult result = sender.add(letter, 60_000).result.orTimeout(5, TimeUnit.SECONDS).join();
    assertEquals(ErrorKind.CLOSED, ((SendResult.Dropped) result).error().kind());
    loop.execute(line::close);
    loop.close();
  }

  /** Of which the first one is told at once, and the rest a second later: the program may end. */
  @Test
  void theLogHasAllThatWasDroppedOnceItIsOver() {
    DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    SendOptions soon = SendOptions.builder().timeout(Duration.ofMillis(50)).build();
    try (Logged logged = new Logged()) {
      for (int n = 0; n < 3; n++) dlq.send("q", "a", null, soon);
      dlq.close();
      List<String> told = logged.with("dropped a message for q");
      assertEquals(2, told.size(), told.toString());
      assertTrue(told.get(1).contains("(and 1 before it)"), told.toString());
      dlq.send("q", "a", null);
      assertEquals(3, logged.with("dropped a message for q").size());
    }
  }

  @Test
  void noThreadOutlivesIt(@TempDir Path folder) throws Exception {
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
  void takesAnyDuration() {
    DlqClient dlq = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    dlq.close(ChronoUnit.FOREVER.getDuration());
    assertEquals(SendStatus.DROPPED, dlq.send("q", "a", null).status());
    DlqClient other = DlqClient.builder("127.0.0.1:1").withoutSpool().build();
    other.close(Duration.ofSeconds(-1));
    other.close();
  }

  @Test
  void aProgramThatEndsWithoutItHasItsSendsInTheSpool(@TempDir Path folder) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Forgetful.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertEquals(1, filesIn(folder.resolve("tests")), said);
  }

  private static long filesIn(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return 0;
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  /** Says in what it is called with what it can't wait for. */
  private static String toldBy(Runnable call) {
    try {
      call.run();
      return "";
    } catch (DlqException told) {
      return told.getMessage();
    }
  }

  /** Calls, once, what waits for the client, in the client's own thread. */
  private record Once(CompletableFuture<String> told, Supplier<Runnable> call)
      implements Supplier<String> {
    @Override
    public String get() {
      if (!told.isDone()) told.complete(toldBy(call.get()));
      return "token";
    }
  }

  @Test
  void aFlushThatWouldWaitForItselfSaysSo() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      AtomicReference<DlqClient> dlq = new AtomicReference<>();
      Once token = new Once(new CompletableFuture<>(), () -> dlq.get()::flush);
      dlq.set(DlqClient.builder(fake.target()).withoutSpool().token(token).build());
      SendResult result = dlq.get().sendAsync("q", "a", null).get(20, TimeUnit.SECONDS);
      assertTrue(token.told().join().contains("would wait for itself"), token.told().join());
      assertEquals(SendStatus.SENT, result.status());
      dlq.get().close();
    }
  }

  @Test
  void oneThatWouldWaitForItselfDoesNotWait() throws Exception {
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
  void aHandlerMayCloseWhatItRunsIn() throws Exception {
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      AtomicReference<Worker> worker = new AtomicReference<>();
      worker.set(dlq.worker("own").start(delivery -> worker.get().close()));
      dlq.send("own", "a", null);
      fake.await("own", MessageState.MESSAGE_STATE_SUCCEEDED, 1);
      worker.get().done().get(20, TimeUnit.SECONDS);
      Worker last = dlq.worker("all").start(delivery -> dlq.close());
      dlq.send("all", "a", null);
      fake.await("all", MessageState.MESSAGE_STATE_SUCCEEDED, 1);
      last.done().get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void whoWaitsForItHoldsUpNobodyElse() throws Exception {
    try (FakeServer fake = FakeServer.start()) {
      DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch isClosing = new CountDownLatch(1);
      CompletableFuture<String> told = new CompletableFuture<>();
      dlq.worker("q")
          .start(
              delivery -> {
                begun.countDown();
                isClosing.await();
                told.complete(toldBy(() -> dlq.worker("q").start(another -> {})));
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
      assertTrue(told.get(10, TimeUnit.SECONDS).contains("is closed"));
      first.join();
      second.join();
    }
  }

  @Test
  void aSecondOneWithLessTimeHastensTheFirst() throws Exception {
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
  void listenersHaveHeardOfAllWhenItReturns() {
    AtomicInteger told = new AtomicInteger();
    DlqClient dlq =
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMinutes(1))
            .onDropped(
                (error, queue) -> {
                  LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                  told.incrementAndGet();
                })
            .build();
    for (int n = 0; n < 5; n++) dlq.sendAsync("q", "a", null);
    dlq.close(Duration.ZERO);
    assertEquals(5, told.get());
  }

  @Test
  void aListenerMayCloseTheClientThatTellsIt() throws Exception {
    AtomicReference<DlqClient> dlq = new AtomicReference<>();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    dlq.set(
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMillis(50))
            .onDropped(
                (error, queue) -> {
                  dlq.get().close();
                  closed.complete(null);
                })
            .build());
    dlq.get().send("q", "a", null);
    closed.get(4, TimeUnit.SECONDS); // less than listeners are waited for
  }

  @Test
  void aFlushWaitsUntilWhatWasDroppedIsTold() throws Exception {
    CountDownLatch telling = new CountDownLatch(1);
    CountDownLatch flushed = new CountDownLatch(1);
    CompletableFuture<Boolean> wasTooEarly = new CompletableFuture<>();
    try (DlqClient dlq =
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMillis(50))
            .onDropped(
                (error, queue) -> {
                  telling.countDown();
                  try {
                    wasTooEarly.complete(flushed.await(100, TimeUnit.MILLISECONDS));
                  } catch (InterruptedException over) {
                    wasTooEarly.completeExceptionally(over);
                  }
                })
            .build()) {
      dlq.sendAsync("q", "a", null);
      telling.await();
      dlq.flush();
      flushed.countDown();
      assertFalse(wasTooEarly.get(20, TimeUnit.SECONDS), "it was still being told");
    }
  }

  @Test
  void aListenerMayFlushTheClientThatTellsIt() throws Exception {
    AtomicReference<DlqClient> dlq = new AtomicReference<>();
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    dlq.set(
        DlqClient.builder("127.0.0.1:1")
            .withoutSpool()
            .timeout(Duration.ofMillis(50))
            .onDropped(
                (error, queue) -> {
                  dlq.get().flush();
                  flushed.complete(null);
                })
            .build());
    dlq.get().send("q", "a", null);
    flushed.get(4, TimeUnit.SECONDS);
    dlq.get().close();
  }
}
