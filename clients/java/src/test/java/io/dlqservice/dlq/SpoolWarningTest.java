package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Spooled;
import io.dlqservice.dlq.internal.spool.SpoolScope;
import io.dlqservice.dlq.internal.spool.SpoolStore;
import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A warning in the log reports that messages wait in the spool, and why. */
class SpoolWarningTest {
  private static final String SERVICE = "tests";
  private static final String NO_SERVER = "127.0.0.1:1";
  private static final String WARNING = "messages wait in the spool for 127.0.0.1:";
  private static final int MIB = 1024 * 1024;
  private static final Spooled KEPT = new Spooled(true);

  @TempDir Path folder;

  private DlqClientBuilder builder(String target) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    return DlqClient.builder(target).service(SERVICE).spool(spool).timeout(Duration.ofMillis(300));
  }

  private void leaveOne(String target) {
    SpoolStore store =
        new SpoolStore(new SpoolScope(target, SERVICE), folder, MIB, false, warning -> {});
    store.append(List.of(SendToDlqRequest.newBuilder().setRequestId("r").setQueue("q").build()));
    store.release();
  }

  @Test
  void anUnreachableServiceIsLoggedOnce() {
    try (CapturedLog logged = new CapturedLog()) {
      try (DlqClient dlq = builder(NO_SERVER).build()) {
        for (int n = 0; n < 3; n++) assertEquals(KEPT, dlq.send("q", "a", null));
      }
      List<String> logs = logged.with(WARNING);
      assertEquals(1, logs.size(), "" + logs);
      assertTrue(logs.get(0).contains("Connection refused"), logs.get(0));
      assertTrue(logs.get(0).contains("WARN"), logs.get(0));
    }
  }

  /** gRPC would log a stack trace at each try. */
  @Test
  void anUnknownHostIsLoggedOnceWithoutAStack() {
    List<LogRecord> ofGrpc = new CopyOnWriteArrayList<>();
    Logger grpc = Logger.getLogger("io.grpc");
    Handler recorder = new Recorder(ofGrpc);
    grpc.addHandler(recorder);
    try (CapturedLog logged = new CapturedLog()) {
      try (DlqClient dlq =
          builder("no-such-host.invalid:1").timeout(Duration.ofSeconds(20)).build()) {
        for (int n = 0; n < 3; n++) assertEquals(KEPT, dlq.send("q", "a", null));
      }
      List<String> logs = logged.with("no-such-host.invalid");
      assertEquals(1, logs.size(), "" + logs);
      assertTrue(logs.get(0).contains("the host name of the target cannot be resolved"));
      assertEquals(List.of(), ofGrpc);
    } finally {
      grpc.removeHandler(recorder);
    }
  }

  private static final class Recorder extends Handler {
    private final List<LogRecord> records;

    Recorder(List<LogRecord> records) {
      this.records = records;
    }

    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() >= Level.WARNING.intValue()) records.add(record);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void aSilentServerIsLogged() throws Exception {
    try (CapturedLog logged = new CapturedLog();
        ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      try (DlqClient dlq = builder("127.0.0.1:" + silent.getLocalPort()).build()) {
        assertEquals(KEPT, dlq.send("q", "a", null));
      }
      assertEquals(1, logged.with(WARNING).size());
    }
  }

  @Test
  void aTokenSupplierThatThrowsIsLogged() throws Exception {
    try (FakeServer fake = FakeServer.start();
        CapturedLog logged = new CapturedLog()) {
      DlqClientBuilder builder =
          builder(fake.target())
              .timeout(Duration.ofMinutes(1))
              .token(
                  () -> {
                    throw new UncheckedIOException(new NoSuchFileException("/run/token"));
                  });
      try (DlqClient dlq = builder.build()) {
        assertEquals(KEPT, dlq.send("q", "a", null));
      }
      List<String> logs = logged.with(WARNING);
      assertEquals(1, logs.size(), "" + logs);
      assertTrue(logs.get(0).contains("/run/token"), logs.get(0));
    }
  }

  @Test
  void recoveredMessagesAreLogged() {
    leaveOne(NO_SERVER);
    try (CapturedLog logged = new CapturedLog()) {
      try (DlqClient dlq = builder(NO_SERVER).build()) {
        Poll.until(() -> !logged.with(WARNING).isEmpty());
      }
      assertTrue(logged.with(WARNING).get(0).contains("Connection refused"));
    }
  }

  /** The send waits for the thread that reads and writes the files. */
  @Test
  void aLoggerMaySendALineAboutADamagedFile() throws Exception {
    leaveOne(NO_SERVER);
    damageFile();
    CompletableFuture<DlqClient> own = new CompletableFuture<>();
    CompletableFuture<SendResult> sent = new CompletableFuture<>();
    try (CapturedLog logged =
        new CapturedLog(
            line -> {
              boolean isOfFile = line.contains("skipped 3 damaged bytes");
              if (isOfFile) sent.complete(own.join().send("lines", line, null));
            })) {
      DlqClient dlq = builder(NO_SERVER).build();
      own.complete(dlq);
      assertEquals(KEPT, sent.get(20, TimeUnit.SECONDS));
      dlq.close();
    }
  }

  private void damageFile() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(SERVICE))) {
      Path file = files.findFirst().orElseThrow();
      Files.write(file, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
      Files.setLastModifiedTime(file, FileTime.fromMillis(0)); // as of a client that has ended
    }
  }

  @Test
  void anEmptySpoolAfterAWarningIsLoggedOnce() throws Exception {
    try (CapturedLog logged = new CapturedLog();
        FakeServer server = FakeServer.start()) {
      server.goDown();
      try (DlqClient dlq = builder(server.target()).build()) {
        for (int n = 0; n < 2; n++) assertEquals(KEPT, dlq.send("q", "a", null));
        server.comeBack();
        Poll.until(() -> !logged.with("is empty again").isEmpty());
      }
      assertEquals(1, logged.with(WARNING).size());
      List<String> logs = logged.with("the spool for " + server.target() + " is empty again");
      assertEquals(1, logs.size(), "" + logs);
      assertTrue(logs.get(0).contains("INFO"), logs.get(0));
    }
  }

  @Test
  void aCallCutOffByTheCloseIsNotLogged() throws Exception {
    try (CapturedLog logged = new CapturedLog();
        ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      String target = "127.0.0.1:" + silent.getLocalPort();
      leaveOne(target);
      try (DlqClient dlq = builder(target).timeout(Duration.ofMinutes(1)).build();
          Socket connection = silent.accept()) {
        CompletableFuture<SendResult> send = dlq.sendAsync("q", "a", null);
        dlq.close(Duration.ZERO);
        assertEquals(KEPT, send.join());
        assertTrue(connection.isConnected());
      }
      assertEquals(List.of(), logged.with("wait in the spool"));
    }
  }
}
