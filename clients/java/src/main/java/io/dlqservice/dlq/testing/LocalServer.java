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
 * The real server, for the time of a test: on free loopback ports, with empty data of its own. Its
 * command is the environment's {@code DLQ_SERVER_COMMAND}, such as {@code node
 * dlq-service/src/main.ts}, else {@code dlq} on the PATH.
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
    // Directly below /tmp: the path of a unix socket in it must stay under 108 bytes.
    Path shortest = Path.of("/tmp");
    data =
        Files.isDirectory(shortest)
            ? Files.createTempDirectory(shortest, "dlq-")
            : Files.createTempDirectory("dlq-");
    target = "127.0.0.1:" + freePort();
  }

  /** Starts one, and returns when it serves. */
  public static LocalServer start() throws IOException, InterruptedException {
    return start(Map.of());
  }

  /**
   * Starts one with settings.
   *
   * @param settings of the server: {@code DLQ_…}
   */
  public static LocalServer start(Map<String, String> settings)
      throws IOException, InterruptedException {
    LocalServer server = new LocalServer(settings);
    Runtime.getRuntime().addShutdownHook(server.exitHook); // of a test that is cut off
    try {
      server.startAgain();
      return server;
    } catch (IOException | InterruptedException | RuntimeException failure) {
      server.close();
      throw failure;
    }
  }

  /** Where it listens: what a client takes. */
  public String target() {
    return target;
  }

  /** Starts it after an end; it has its data and its address again. */
  public void startAgain() throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(command);
    line.add("serve");
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("DLQ_") && !isOfMachine(name));
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

  /** Where the store's program is; nothing else of the tester's environment. */
  private static boolean isOfMachine(String name) {
    return name.equals("DLQ_REDIS_SERVER");
  }

  /** An orderly end; the data stay. */
  public void stop() {
    end(Process::destroy);
  }

  /** As in a power cut, but for what its store has on disk. */
  public void kill() {
    end(Process::destroyForcibly);
  }

  /** Ends it, and removes its data. */
  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException itEndsAlready) {
      // then the hook has nothing to do
    }
    try (Stream<Path> paths = Files.walk(data)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      deepestFirst.stream()
          .filter(path -> path.endsWith("redis.sock"))
          .forEach(LocalServer::shutDownStore);
    } catch (IOException gone) {
      return;
    }
    removeData();
  }

  private void removeData() {
    try (Stream<Path> paths = Files.walk(data)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException leftToTheSystem) {
      // it is in /tmp
    }
  }

  /** A store outlives a server that was killed. */
  private static void shutDownStore(Path socket) {
    try (SocketChannel store = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      store.connect(UnixDomainSocketAddress.of(socket));
      byte[] shutdown = "SHUTDOWN NOSAVE\r\n".getBytes(StandardCharsets.US_ASCII);
      store.write(ByteBuffer.wrap(shutdown));
      store.read(ByteBuffer.allocate(64));
    } catch (IOException ended) {
      // it is gone already
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
    Set<String> said = new HashSet<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(from.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        keep(line);
        said.add(messageOf(line));
        if (said.containsAll(READY)) serving.countDown();
      }
    } catch (IOException ended) {
      // so has the server
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
    } catch (JsonParseException | IllegalStateException noEntry) {
      return "";
    }
  }

  private static List<String> command() {
    String given = System.getenv("DLQ_SERVER_COMMAND");
    return given == null || given.isBlank() ? List.of("dlq") : List.of(given.trim().split("\\s+"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }
}
