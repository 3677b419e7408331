package golden;

import java.io.DataInputStream;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Errors of Java itself. The contract agent has these cases, too. */
final class Language {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static void add(String name, String reason, Failing.Act act) {
    CASES.put(name, new Failing("java " + Runtime.version().feature(), reason, act));
  }

  private static void talk(String peer, int timeoutMs) throws Exception {
    try (Socket socket = new Socket(Peers.HOST, Peers.port(peer))) {
      socket.setSoTimeout(timeoutMs);
      for (int i = 0; i < 100; i++) {
        socket.getOutputStream().write(new byte[100]);
        Thread.sleep(1);
      }
      new DataInputStream(socket.getInputStream()).readInt();
    }
  }

  private static void handshake(String peer) throws Exception {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    try (SSLSocket socket = (SSLSocket) factory.createSocket(Peers.HOST, Peers.port(peer))) {
      socket.startHandshake();
    }
  }

  private static int overflow(int depth) {
    return overflow(depth + 1) + 1;
  }

  private static void fullExecutor() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1));
    try {
      for (int i = 0; i < 3; i++) pool.execute(() -> sleepMs(100));
    } finally {
      pool.shutdownNow();
    }
  }

  private static void sleepMs(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException ignored) {
      Thread.currentThread().interrupt();
    }
  }

  static {
    add("socket: refused", "NETWORK_ERROR", () -> talk("closed", 1000));
    add("socket: reset", "NETWORK_ERROR", () -> talk("resets", 1000));
    add("socket: broken pipe", "NETWORK_ERROR", () -> talk("hangsUp", 1000));
    add("socket: reading too slow", "TIMEOUT", () -> talk("silent", 50));
    add(
        "socket: connecting too slow",
        "TIMEOUT",
        () -> new Socket().connect(new InetSocketAddress(Peers.HOST, Peers.port("stalled")), 100));
    add("socket: no such name", "NETWORK_ERROR", () -> InetAddress.getByName("shop.invalid"));
    add(
        "socket: closed by ourselves",
        "NETWORK_ERROR",
        () -> {
          Socket socket = new Socket(Peers.HOST, Peers.port("silent"));
          socket.close();
          socket.getInputStream().read();
        });
    add("ssl: self-signed", "NETWORK_ERROR", () -> handshake("https"));
    add("ssl: the peer speaks no TLS", "NETWORK_ERROR", () -> handshake("foreign"));
    add("ssl: hung up during the handshake", "NETWORK_ERROR", () -> handshake("hangsUp"));
    add("io: a missing file", "EXECUTION_FAILED", () -> new FileInputStream("/app/missing.json"));
    add("nio: a missing file", "EXECUTION_FAILED", () -> Files.readString(Path.of("/app/missing")));
    add("nio: an existing file", "UNKNOWN_ERROR", () -> Files.createDirectory(Path.of("/tmp")));
    add(
        "io: a full disk",
        "RESOURCE_EXHAUSTED",
        () -> {
          try (FileOutputStream file = new FileOutputStream("/dev/full")) {
            file.write(1);
          }
        });
    add(
        "io: end of file",
        "UNKNOWN_ERROR",
        () -> new DataInputStream(new ByteArrayInputStream(new byte[2])).readInt());
    add("process: no such program", "EXECUTION_FAILED", () -> new ProcessBuilder("no-such").start());
    add(
        "future: too slow",
        "TIMEOUT",
        () -> new CompletableFuture<String>().get(10, TimeUnit.MILLISECONDS));
    add(
        "future: orTimeout",
        "TIMEOUT",
        () -> new CompletableFuture<String>().orTimeout(10, TimeUnit.MILLISECONDS).join());
    add(
        "future: the task failed",
        "EXECUTION_FAILED",
        () -> CompletableFuture.supplyAsync(() -> List.of().get(3)).join());
    add(
        "future: cancelled",
        "UNKNOWN_ERROR",
        () -> {
          CompletableFuture<String> future = new CompletableFuture<>();
          future.cancel(true);
          future.get();
        });
    add(
        "thread: interrupted",
        "UNKNOWN_ERROR",
        () -> {
          Thread.currentThread().interrupt();
          Thread.sleep(1);
        });
    add("executor: full", "RESOURCE_EXHAUSTED", Language::fullExecutor);
    add(
        "executor: shut down",
        "UNKNOWN_ERROR",
        () -> {
          var pool = Executors.newSingleThreadExecutor();
          pool.shutdown();
          pool.execute(() -> {});
        });
    add("queue: full", "RESOURCE_EXHAUSTED", () -> {
      var queue = new ArrayBlockingQueue<>(1);
      queue.add(1);
      queue.add(2);
    });
    add("memory: an array", "RESOURCE_EXHAUSTED", () -> System.out.print(new long[Integer.MAX_VALUE - 2].length));
    add("code: null", "EXECUTION_FAILED", () -> ((String) null).length());
    add("code: an index", "EXECUTION_FAILED", () -> System.out.print(new int[] {1}["abc".length()]));
    add("code: a string's index", "EXECUTION_FAILED", () -> "abc".substring(5));
    add("code: another class", "EXECUTION_FAILED", () -> System.out.print((String) (Object) 5));
    add("code: by zero", "EXECUTION_FAILED", () -> System.out.print(1 / "".length()));
    add("code: endless recursion", "EXECUTION_FAILED", () -> overflow(0));
    add("code: nothing there", "EXECUTION_FAILED", () -> Optional.empty().orElseThrow());
    add("code: an immutable list", "EXECUTION_FAILED", () -> List.of(1).add(2));
    add("code: a wrong state", "EXECUTION_FAILED", () -> {
      Iterator<Integer> iterator = new ArrayList<>(List.of(1)).iterator();
      iterator.remove();
    });
    add("code: changed while read", "EXECUTION_FAILED", () -> {
      List<Integer> list = new ArrayList<>(List.of(1, 2, 3));
      for (Integer one : list) list.remove(one);
    });
    add("code: a missing class", "EXECUTION_FAILED", () -> Class.forName("golden.Missing"));
    add("code: something was thrown", "UNKNOWN_ERROR", () -> {
      throw new RuntimeException("order 17 could not be processed");
    });
    add("parse: not a number", "VALIDATION_FAILED", () -> Integer.parseInt("five"));
    add("parse: not a decimal", "VALIDATION_FAILED", () -> new BigDecimal("five"));
    add("parse: not a date", "VALIDATION_FAILED", () -> LocalDate.parse("soon"));
    add("parse: not an instant", "VALIDATION_FAILED", () -> Instant.parse("2026-13-01T00:00:00Z"));
    add("parse: not a UUID", "VALIDATION_FAILED", () -> UUID.fromString("17"));
    add("parse: not a member of an enum", "VALIDATION_FAILED", () -> TimeUnit.valueOf("WEEKS"));
    add("parse: not a URI", "VALIDATION_FAILED", () -> new java.net.URI("http://[::1"));
    add("parse: not a URL", "VALIDATION_FAILED", () -> new java.net.URL("shop/orders"));
    add(
        "parse: not UTF-8",
        "VALIDATION_FAILED",
        () ->
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(java.nio.ByteBuffer.wrap(new byte[] {(byte) 0xff})));
    add(
        "parse: not base64",
        "VALIDATION_FAILED",
        () -> java.util.Base64.getDecoder().decode("?"));
    add(
        "parse: cut XML",
        "VALIDATION_FAILED",
        () -> {
          var parser = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder();
          parser.setErrorHandler(null);
          parser.parse(new ByteArrayInputStream("<order>".getBytes()));
        });
  }

  private Language() {}
}
