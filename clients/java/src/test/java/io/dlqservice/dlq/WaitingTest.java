package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.spool.Shelf;
import io.dlqservice.dlq.spool.SpoolPurpose;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That something waits in the spool is told, and why. */
class WaitingTest {
  private static final String SERVICE = "tests";
  private static final String NOBODY = "127.0.0.1:1";
  private static final String TOLD = "the spool keeps what can't be delivered: ";
  private static final int MIB = 1024 * 1024;
  private static final Spooled KEPT = new Spooled(true);

  @TempDir Path folder;

  private DlqClientBuilder builder(String target) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    return DlqClient.builder(target).service(SERVICE).spool(spool).timeout(Duration.ofMillis(300));
  }

  private void leaveOne(String target) {
    Shelf left = new Shelf(new SpoolPurpose(target, SERVICE), folder, MIB, false, words -> {});
    left.append(List.of(SendToDlqRequest.newBuilder().setRequestId("r").setQueue("q").build()));
    left.release();
  }

  @Test
  void whatFoundNobodyIsToldOnce() {
    try (Logged logged = new Logged()) {
      try (DlqClient dlq = builder(NOBODY).build()) {
        for (int n = 0; n < 3; n++) assertEquals(KEPT, dlq.send("q", "a", null));
      }
      List<String> told = logged.with(TOLD);
      assertEquals(1, told.size(), "" + told);
      assertTrue(told.get(0).contains("Connection refused"), told.get(0));
      assertTrue(told.get(0).contains("WARN"), told.get(0));
    }
  }

  @Test
  void whatFoundOnlySilenceIsTold() throws Exception {
    try (Logged logged = new Logged();
        ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      try (DlqClient dlq = builder("127.0.0.1:" + silent.getLocalPort()).build()) {
        assertEquals(KEPT, dlq.send("q", "a", null));
      }
      assertEquals(1, logged.with(TOLD).size());
    }
  }

  @Test
  void aTokenThatCantBeReadIsTold() {
    try (Logged logged = new Logged()) {
      DlqClientBuilder builder =
          builder(NOBODY)
              .token(
                  () -> {
                    throw new UncheckedIOException(new NoSuchFileException("/run/token"));
                  });
      try (DlqClient dlq = builder.build()) {
        assertEquals(KEPT, dlq.send("q", "a", null));
      }
      List<String> told = logged.with(TOLD);
      assertEquals(1, told.size(), "" + told);
      assertTrue(told.get(0).contains("/run/token"), told.get(0));
    }
  }

  @Test
  void whatWasLeftByAnotherIsTold() {
    leaveOne(NOBODY);
    try (Logged logged = new Logged()) {
      try (DlqClient dlq = builder(NOBODY).build()) {
        Poll.until(() -> !logged.with(TOLD).isEmpty());
      }
      assertTrue(logged.with(TOLD).get(0).contains("Connection refused"));
    }
  }

  @Test
  void whatOnlyItsOwnEndCutOffIsNoReason() throws Exception {
    try (Logged logged = new Logged();
        ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      String target = "127.0.0.1:" + silent.getLocalPort();
      leaveOne(target);
      try (DlqClient dlq = builder(target).timeout(Duration.ofMinutes(1)).build();
          Socket ofTheCourier = silent.accept()) {
        CompletableFuture<SendResult> send = dlq.sendAsync("q", "a", null);
        dlq.close(Duration.ZERO);
        assertEquals(KEPT, send.join());
        assertTrue(ofTheCourier.isConnected());
      }
      assertEquals(List.of(), logged.with("keeps what"));
    }
  }
}
