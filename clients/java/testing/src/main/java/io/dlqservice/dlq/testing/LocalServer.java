package io.dlqservice.dlq.testing;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Runs the real server during a test, on free loopback ports and with its own empty data. The
 * command is the environment's {@code DLQ_SERVER_COMMAND}, such as {@code node
 * dlq-service/src/main.mjs}, or {@code dlq-server} on the PATH.
 */
public final class LocalServer implements AutoCloseable {
  private static final long START_TIMEOUT_S = 60;
  private static final long STOP_TIMEOUT_S = 30;
  private static final int KEPT_LINES = 40;
  private static final Set<String> READY = Set.of("listening", "the store is ready");

  private final List<String> command;
  private final Map<String, String> settings;
  private final Path data;
  private final String target;
  private final Deque<String> output = new ArrayDeque<>();
  private final Thread exitHook = new Thread(this::kill, "dlq-local-server-exit");
  private Process process;

  private LocalServer(Map<String, String> settings) throws IOException {
    command = command();
    this.settings = settings;
    // Directly in /tmp: the path of its Unix socket must stay under 108 bytes.
    Path shortest = Path.of("/tmp");
    data =
        Files.isDirectory(shortest)
            ? Files.createTempDirectory(shortest, "dlq-")
            : Files.createTempDirectory("dlq-");
    target = "127.0.0.1:" + freePort();
  }

  /** Starts a server, and returns when it serves. */
  public static LocalServer start() throws IOException, InterruptedException {
    return start(Map.of());
  }

  /**
   * Starts a server with settings.
   *
   * @param settings environment variables of the server: {@code DLQ_…}
   */
  public static LocalServer start(Map<String, String> settings)
      throws IOException, InterruptedException {
    LocalServer server = new LocalServer(settings);
    Runtime.getRuntime().addShutdownHook(server.exitHook); // for a test that is aborted
    try {
      server.startAgain();
      return server;
    } catch (IOException | InterruptedException | RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  /** The address for clients. */
  public String target() {
    return target;
  }

  /** Starts a stopped server with the same data and address. */
  public void startAgain() throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(command);
    line.add("serve");
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("DLQ_") && !isMachineSetting(name));
    environment.put("DLQ_LISTEN_GRPC", target);
    environment.put("DLQ_LISTEN_HTTP", "127.0.0.1:0");
    environment.put("DLQ_DATA_DIR", data.toString());
    environment.put("DLQ_LOG_FORMAT", "json");
    environment.put("DLQ_DRAIN_GRACE", "200ms");
    environment.putAll(settings);
    process = builder.start();
    CountDownLatch serving = new CountDownLatch(1);
    Process started = process;
    Thread reader = new Thread(() -> read(started, serving), "dlq-local-server");
    reader.setDaemon(true);
    reader.start();
    boolean isInTime = serving.await(START_TIMEOUT_S, TimeUnit.SECONDS);
    if (!isInTime || !process.isAlive()) {
      stop();
      synchronized (output) {
        throw new IllegalStateException("the server did not start:\n" + String.join("\n", output));
      }
    }
  }

  /** Settings of the machine, which the server inherits. */
  private static boolean isMachineSetting(String name) {
    return name.equals("DLQ_REDIS_SERVER");
  }

  /** Stops the server, and keeps its data. */
  public void stop() {
    end(Process::destroy);
  }

  /** Kills the server. Its store keeps what is on disk. */
  public void kill() {
    end(Process::destroyForcibly);
  }

  /** Stops the server, and removes its data. */
  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException jvmEnds) {
      // the hook has nothing to do
    }
    try (Stream<Path> paths = Files.walk(data)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      deepestFirst.stream()
          .filter(path -> path.endsWith("redis.sock"))
          .forEach(LocalServer::shutDownStore);
    } catch (IOException removed) {
      return;
    }
    removeData();
  }

  private void removeData() {
    try (Stream<Path> paths = Files.walk(data)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException ignored) {
      // the system cleans /tmp
    }
  }

  /** A killed server leaves its store running. */
  private static void shutDownStore(Path socket) {
    try (SocketChannel store = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      store.connect(UnixDomainSocketAddress.of(socket));
      byte[] shutdown = "SHUTDOWN NOSAVE\r\n".getBytes(StandardCharsets.US_ASCII);
      store.write(ByteBuffer.wrap(shutdown));
      store.read(ByteBuffer.allocate(64));
    } catch (IOException ended) {
      // it has stopped already
    }
  }

  private void end(Consumer<Process> how) {
    Process ended = process;
    process = null;
    if (ended == null) return;
    how.accept(ended);
    try {
      if (!ended.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)) ended.destroyForcibly().waitFor();
    } catch (InterruptedException interrupted) {
      ended.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void read(Process from, CountDownLatch serving) {
    Set<String> seen = new HashSet<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(from.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        keep(line);
        seen.add(messageOf(line));
        if (seen.containsAll(READY)) serving.countDown();
      }
    } catch (IOException ended) {
      // the server has ended
    } finally {
      serving.countDown();
    }
  }

  private void keep(String line) {
    synchronized (output) {
      output.addLast(line);
      if (output.size() > KEPT_LINES) output.removeFirst();
    }
  }

  private static String messageOf(String line) {
    try {
      JsonObject entry = JsonParser.parseString(line).getAsJsonObject();
      return entry.has("msg") ? entry.get("msg").getAsString() : "";
    } catch (JsonParseException | IllegalStateException notAnEntry) {
      return "";
    }
  }

  private static List<String> command() {
    String given = System.getenv("DLQ_SERVER_COMMAND");
    return given == null || given.isBlank()
        ? List.of("dlq-server")
        : List.of(given.trim().split("\\s+"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }
}
