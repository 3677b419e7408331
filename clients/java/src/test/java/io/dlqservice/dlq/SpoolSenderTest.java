package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.internal.spool.SpoolScope;
import io.dlqservice.dlq.internal.spool.SpoolStore;
import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolSenderTest {
  private static final String SERVICE = "tests";
  private static final long MIB = 1024 * 1024;
  private static final String WARNING = "messages wait in the spool";

  @TempDir Path folder;

  /** Like a proxy that does not have the path: answers UNIMPLEMENTED without details. */
  private static final class UnknownServer extends HandlerRegistry {
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      calls.incrementAndGet();
      return null;
    }

    Server start() throws IOException {
      return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
          .fallbackHandlerRegistry(this)
          .build()
          .start();
    }
  }

  /** A spool sender without the rest of a client. */
  private static final class RunningSender implements AutoCloseable {
    private final Loop loop = new Loop("test");
    private final ReconnectingChannel channel;
    private final SpoolSender sender;

    RunningSender(
        SpoolStore store,
        String target,
        BiConsumer<DlqException, String> onRefused,
        long maxPassMs) {
      Connector connector = new Connector(Target.of(target, false), null, null, List.of());
      channel = new ReconnectingChannel(connector::connect, loop);
      sender =
          new SpoolSender(store, loop, channel, new Reachability(), onRefused, null, maxPassMs);
      sender.start();
    }

    @Override
    public void close() {
      loop.execute(channel::close);
      sender.close();
      loop.close();
    }
  }

  private SpoolStore store(String target) {
    SpoolScope scope = new SpoolScope(target, SERVICE);
    return new SpoolStore(scope, folder, 256 * MIB, false, warning -> {});
  }

  private void leaveInSpool(String target, int count) {
    SpoolStore store = store(target);
    store.append(requests("q", count));
    store.release();
  }

  private static List<SendToDlqRequest> requests(String queue, int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> SendToDlqRequest.newBuilder().setRequestId(queue + n).setQueue(queue))
        .map(SendToDlqRequest.Builder::build)
        .toList();
  }

  private DlqClient clientOf(String target) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    return DlqClient.builder(target).service(SERVICE).spool(spool).build();
  }

  @Test
  void anAnswerOfAnUnknownServerDropsNothing() throws IOException {
    UnknownServer unknown = new UnknownServer();
    Server server = unknown.start();
    String target = "127.0.0.1:" + server.getPort();
    leaveInSpool(target, 1);
    try (CapturedLog logged = new CapturedLog()) {
      try (DlqClient dlq = clientOf(target)) {
        Poll.until(() -> unknown.calls.get() > 2);
      } finally {
        server.shutdownNow();
      }
      List<String> logs = logged.with(WARNING);
      assertEquals(1, logs.size(), "logged once: " + logs);
      assertTrue(logs.get(0).contains("is the target the gRPC address"), logs.get(0));
    }
    SpoolStore after = store(target);
    after.recoverOrphans();
    assertEquals(1, after.count());
  }

  /** Such as a job that ends at once, before the spool sender has tried. */
  @Test
  void aCloseLogsARefusalBeforeItReturns() throws IOException {
    Server server = new UnknownServer().start();
    try (CapturedLog logged = new CapturedLog()) {
      try (DlqClient dlq = clientOf("127.0.0.1:" + server.getPort())) {
        for (int n = 0; n < 3; n++) {
          assertEquals(SendStatus.SPOOLED, dlq.send("q", "x", null).status());
        }
      } finally {
        server.shutdownNow();
      }
      assertEquals(1, logged.with(WARNING).size());
    }
  }

  private static Optional<StatusRuntimeException> queueFull() {
    return Optional.of(
        ScriptedServer.refusal(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_LIMIT", "full"));
  }

  /** Otherwise an answer that the service is available would start the next pass at once. */
  @Test
  void itsOwnAnswersStartNoNewPass() throws IOException, InterruptedException {
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              int number = Integer.parseInt(request.getRequestId().substring(1));
              return number < 100
                  ? queueFull()
                  : Optional.of(Status.UNAVAILABLE.asRuntimeException());
            })) {
      leaveInSpool(server.target(), 200);
      try (DlqClient dlq = clientOf(server.target())) {
        assertFewCalls(server);
      }
    }
  }

  private static void assertFewCalls(ScriptedServer server) throws InterruptedException {
    Poll.until(() -> server.calls.get() > 1);
    Thread.sleep(1_000);
    int calls = server.calls.get();
    assertTrue(calls <= 40, calls + " calls in a second");
  }

  @Test
  void sendsRecoveredMessagesInOrder() throws IOException {
    try (FakeServer fake = FakeServer.start()) {
      leaveInSpool(fake.target(), 250);
      try (DlqClient dlq = clientOf(fake.target())) {
        Poll.until(() -> fake.messages("q").size() == 250);
        Poll.until(() -> folder.resolve(SERVICE).toFile().list().length == 0);
      }
      List<String> ids = fake.messages("q").stream().map(one -> one.requestId()).toList();
      assertEquals(IntStream.range(0, 250).mapToObj(n -> "q" + n).toList(), ids);
    }
  }

  @Test
  void continuesAfterAListenerThrows() throws IOException {
    AtomicInteger calls = new AtomicInteger();
    try (ScriptedServer server =
        ScriptedServer.start(
            request ->
                Optional.of(
                    ScriptedServer.refusal(Status.Code.INVALID_ARGUMENT, "INVALID", "no")))) {
      SpoolStore store = store(server.target());
      store.append(requests("q", 1));
      BiConsumer<DlqException, String> onRefused =
          (error, queue) -> {
            if (calls.incrementAndGet() == 1) throw new NoClassDefFoundError("of a logger");
          };
      try (RunningSender sender =
          new RunningSender(store, server.target(), onRefused, SpoolSender.MAX_PASS_MS)) {
        Poll.until(() -> store.count() == 0);
      }
      assertEquals(2, calls.get());
    }
  }

  /** One queue stays full, and messages keep coming for another one. */
  @Test
  void retriesRefusedMessagesWhileNewOnesKeepComing() throws IOException {
    SpoolStore store = store("t");
    AtomicInteger tries = new AtomicInteger();
    AtomicInteger others = new AtomicInteger();
    SendToDlqRequest refused = requests("full", 1).get(0);
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              if (request.equals(refused)) {
                tries.incrementAndGet();
                return queueFull();
              }
              store.append(List.of(refused.toBuilder().setRequestId("o" + others).build()));
              others.incrementAndGet();
              return Optional.empty();
            })) {
      store.append(List.of(refused, refused.toBuilder().setRequestId("first").build()));
      try (RunningSender sender =
          new RunningSender(store, server.target(), (error, queue) -> {}, 200)) {
        Poll.until(() -> tries.get() > 3);
        assertTrue(others.get() > 3);
      }
    }
  }

  /** A full queue has more messages than one pass can try. */
  @Test
  void refusedMessagesDoNotDelayOthers() throws IOException {
    SpoolStore store = store("t");
    AtomicInteger others = new AtomicInteger();
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              if (request.getQueue().equals("full")) return queueFull();
              others.incrementAndGet();
              return Optional.empty();
            })) {
      store.append(requests("full", 300));
      store.append(requests("open", 1));
      try (RunningSender sender =
          new RunningSender(store, server.target(), (error, queue) -> {}, 0)) {
        Poll.until(() -> others.get() == 1);
      }
    }
  }

  @Test
  void pausesIfOnlyRefusedMessagesAreLeft() throws IOException, InterruptedException {
    SpoolStore store = store("t");
    try (ScriptedServer server = ScriptedServer.start(request -> queueFull())) {
      store.append(requests("full", 1));
      try (RunningSender sender =
          new RunningSender(store, server.target(), (error, queue) -> {}, 0)) {
        assertFewCalls(server);
      }
    }
  }
}
