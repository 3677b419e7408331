package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.testing.LocalServer;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and tokens, against the real server. */
class AccessTest {
  private static final String PASSWORD = "changeit";
  private static final int MAX_HELLO_BYTES = 16_384;

  /** For sends that get no answer: they wait for it. */
  private static final Duration SHORT = Duration.ofSeconds(2);

  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir static Path folder;
  private static LocalServer server;

  /** By the JDK's own tool: a certificate for "dlq.example". */
  @BeforeAll
  static void start() throws Exception {
    Path store = folder.resolve("store");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    int code =
        new ProcessBuilder(
                keytool,
                "-genkeypair",
                "-alias",
                "dlq",
                "-keyalg",
                "EC",
                "-dname",
                "CN=dlq.example",
                "-ext",
                "san=dns:dlq.example",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .inheritIO()
            .start()
            .waitFor();
    assertEquals(0, code);
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    writePem("crt", "CERTIFICATE", keys.getCertificate("dlq").getEncoded());
    writePem("key", "PRIVATE KEY", keys.getKey("dlq", PASSWORD.toCharArray()).getEncoded());
    server =
        LocalServer.start(
            Map.of(
                "DLQ_TLS_CERT", folder.resolve("crt").toString(),
                "DLQ_TLS_KEY", folder.resolve("key").toString(),
                "DLQ_TOKENS", "secret-of-the-shop"));
  }

  private static void writePem(String name, String what, byte[] content) throws IOException {
    Base64.Encoder lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    String begin = "-----BEGIN " + what + "-----\n";
    String end = "\n-----END " + what + "-----\n";
    Files.writeString(folder.resolve(name), begin + lines.encodeToString(content) + end);
  }

  @AfterAll
  static void stop() {
    if (server != null) server.close();
  }

  private static TlsOptions.Builder trusting() {
    return TlsOptions.builder().ca(folder.resolve("crt"));
  }

  private static SendResult send(TlsOptions tls, String token, Duration timeout) {
    try (DlqClient dlq =
        DlqClient.builder(server.target()).withoutSpool().tls(tls).token(token).build()) {
      return dlq.send("q", "a", null, SendOptions.builder().timeout(timeout).build());
    }
  }

  @Test
  void sendsWithTlsToATrustedServer() {
    TlsOptions tls = trusting().serverName("dlq.example").build();
    assertEquals(SendStatus.SENT, send(tls, "secret-of-the-shop", LONG).status());
  }

  @Test
  void aWrongTokenIsRefused() {
    Dropped dropped = (Dropped) send(trusting().serverName("dlq.example").build(), "other", LONG);
    assertEquals(ErrorKind.UNAUTHENTICATED, dropped.error().kind());
  }

  @Test
  void aCertificateOfAnotherNameIsRejected() {
    Dropped dropped =
        (Dropped) send(trusting().serverName("other.example").build(), "secret-of-the-shop", SHORT);
    assertEquals(ErrorKind.DEADLINE, dropped.error().kind());
  }

  @Test
  void anUntrustedCertificateIsRejected() {
    TlsOptions tls = TlsOptions.builder().serverName("dlq.example").build();
    assertEquals(
        ErrorKind.DEADLINE, ((Dropped) send(tls, "secret-of-the-shop", SHORT)).error().kind());
  }

  /** Nothing is sent without a connection: a retry would only delay the caller. */
  @Test
  void aSendIsSpooledAtOnceIfItsHandshakeFails(@TempDir Path spool) throws Exception {
    TlsOptions tls = TlsOptions.builder().serverName("dlq.example").build();
    try (FakeServer plain = FakeServer.start();
        ServerSocket closing = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      Thread closer = new Thread(() -> closeConnections(closing));
      closer.start();
      assertSpooledAtOnce(plain.target(), tls, spool);
      assertSpooledAtOnce("127.0.0.1:" + closing.getLocalPort(), tls, spool);
      assertSpooledAtOnce(server.target(), tls, spool);
      assertSpooledAtOnce(server.target(), trusting().serverName("other.example").build(), spool);
    }
  }

  private static void closeConnections(ServerSocket listening) {
    while (!listening.isClosed()) {
      try (Socket connection = listening.accept()) {
        connection.getInputStream().read(new byte[MAX_HELLO_BYTES]); // else the client gets a reset
      } catch (IOException ended) {
        // the test closed it, or a client its connection
      }
    }
  }

  private static void assertSpooledAtOnce(String target, TlsOptions tls, Path folder) {
    try (DlqClient dlq =
        DlqClient.builder(target)
            .tls(tls)
            .timeout(Duration.ofMinutes(1))
            .spool(SpoolOptions.builder().folder(folder).build())
            .build()) {
      SendResult sent = dlq.sendAsync("q", "a", null).orTimeout(20, TimeUnit.SECONDS).join();
      assertEquals(SendStatus.SPOOLED, sent.status());
    }
  }

  @Test
  void aMissingTlsFileFailsTheBuild() {
    TlsOptions tls = TlsOptions.builder().ca(folder.resolve("missing")).build();
    assertThrows(
        UncheckedIOException.class, () -> DlqClient.builder(server.target()).tls(tls).build());
  }

  private static String pingError(String target, TlsOptions tls) {
    DlqClientBuilder builder = DlqClient.builder(target).withoutSpool();
    if (tls != null) builder.tls(tls);
    try (DlqClient dlq = builder.build()) {
      return assertThrows(DlqException.class, dlq::ping).getMessage();
    }
  }

  @Test
  void errorsOfTlsAreOneLineThatSaysWhatToDo() throws Exception {
    String port = server.target();
    assertEquals(
        port
            + " does not answer: the server closed the connection; if the server uses TLS, give the"
            + " target as https://host:port",
        pingError("http://" + port, null));
    String untrusted = pingError("https://" + port, null);
    assertTrue(untrusted.contains(": TLS failed: unable to find valid cert"), untrusted);
    assertTrue(
        untrusted.endsWith("check ca and serverName of TlsOptions (dlq.tls in Spring Boot)"));
    String otherName = pingError("https://" + port, trusting().build());
    assertTrue(otherName.contains(": TLS failed: "), otherName);
    try (FakeServer fake = FakeServer.start()) {
      assertEquals(
          fake.target()
              + " does not answer: the server does not use TLS; give the target as"
              + " http://host:port, or without a scheme",
          pingError("https://" + fake.target(), null));
    }
    for (String text : List.of(untrusted, otherName)) assertFalse(text.contains("\n"), text);
  }

  /** As gRPC reports it. It depends on the moment whether the close of a connection is a reset. */
  @Test
  void aResetIsAClosedConnection() {
    Status reset =
        Status.UNAVAILABLE
            .withDescription("io exception")
            .withCause(new IOException("recvAddress(..) failed: Connection reset by peer"));
    assertEquals(
        "the server closed the connection; if the server uses TLS, give the target as"
            + " https://host:port",
        CallError.of(reset).descriptionWithAdvice());
    CallError inHandshake =
        CallError.of(
            reset.augmentDescription("Channel Pipeline: [ProtocolNegotiators$ClientTlsHandler#0]"));
    assertEquals(
        "the server closed the connection in the TLS handshake; check the target (dlq.target in"
            + " Spring Boot) and that its server runs",
        inHandshake.descriptionWithAdvice());
    assertTrue(inHandshake.neverArrived());
  }

  @Test
  void aRefusedConnectionNamesTheAddress() {
    assertEquals(
        "127.0.0.1:1 does not answer: Connection refused: /127.0.0.1:1; check the target"
            + " (dlq.target in Spring Boot) and that its server runs",
        pingError("127.0.0.1:1", null));
  }
}
