package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
}
