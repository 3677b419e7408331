package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.CallerRunsPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Common mistakes of programs that use the client. */
class DefensiveTest extends WithFakeServer {
  @Test
  void acceptsMissingAndUntrimmedTokens() throws IOException {
    try (ScriptedServer server = ScriptedServer.start(request -> Optional.empty())) {
      for (String token : Arrays.asList(null, "", "secret\n")) {
        try (DlqClient dlq =
            DlqClient.builder(server.target()).withoutSpool().token(token).build()) {
          assertEquals(SendStatus.SENT, dlq.send("orders", "a", null).status());
        }
      }
      assertEquals(List.of("none", "none", "Bearer secret"), List.copyOf(server.tokens));
    }
  }

  @Test
  void aCertificateWithoutAKeyIsRejected() {
    TlsOptions.Builder tls = TlsOptions.builder();
    assertThrows(
        IllegalArgumentException.class, () -> tls.certificate(Path.of("client.pem"), null));
  }

  @Test
  void aWrappedFunctionKeepsTheInterrupt() throws Exception {
    ThrowingFunction<String, String> charge =
        dlq.deadLetter(
            "orders",
            order -> {
              throw new InterruptedException("the consumer stops");
            });
    assertNull(charge.apply("a"));
    assertTrue(Thread.interrupted(), "the interrupt was lost");
    assertEquals(1, fake.messages("orders").size());
  }

  @Test
  void handlersNeverRunInTheClientsThread() throws Exception {
    Set<String> threads = ConcurrentHashMap.newKeySet();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            1, 1, 1, TimeUnit.MINUTES, new SynchronousQueue<>(), new CallerRunsPolicy());
    try (DlqClient dlq = builder().build()) {
      for (int count = 0; count < 20; count++) dlq.send("orders", "a" + count, null);
      dlq.worker("orders")
          .executor(pool)
          .start(delivery -> threads.add(Thread.currentThread().getName()));
      fake.await("orders", MessageState.SUCCEEDED, 20);
      assertFalse(threads.stream().anyMatch(name -> name.startsWith("dlq-client")), "" + threads);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void acceptsNullOptions() {
    Order order = new Order(null);
    SendOptions options =
        SendOptions.builder()
            .sourceId(order.id())
            .dedupKey(order.id())
            .orderingKey(order.id())
            .build();
    assertEquals(SendStatus.SENT, dlq.send("orders", order, null, options).status());
    assertEquals(SendStatus.SENT, dlq.send("orders", order, null, null).status());
  }

  private record Order(String id) {}

  @Test
  void aDelayThatIsOverIsZero() {
    SendOptions late = SendOptions.builder().delay(Duration.ofSeconds(-1)).build();
    dlq.send("q", "a", null, late);
    assertEquals(Duration.ZERO, fake.messages("q").get(0).delay().orElseThrow());
  }

  private static Outcome quarantine() {
    return Outcome.quarantined("no customer");
  }

  private static Outcome quarantine(Delivery delivery) {
    return quarantine();
  }

  /** Java accepts a method with a result as a handler without one. */
  @Test
  void anOutcomeThatWouldBeIgnoredFailsTheDelivery() throws Exception {
    List<Function<WorkerBuilder, Worker>> starts =
        List.of(
            builder -> builder.start(DefensiveTest::quarantine),
            builder -> builder.start(delivery -> quarantine()),
            builder -> builder.startBatches(deliveries -> quarantine()));
    for (Function<WorkerBuilder, Worker> start : starts) {
      dlq.send("q", "a", null, SendOptions.builder().maxRetries(0).build());
      try (Worker worker = start.apply(worker())) {
        assertEquals(Outcome.Kind.FAILED, next(settled).outcome());
        String text = next(errors).getCause().getMessage();
        assertTrue(text.startsWith("the handler made the outcome QUARANTINED, which "), text);
      }
    }
  }

  @Test
  void anOutcomeOfMiddlewareIsNotOneOfTheHandler() throws Exception {
    dlq.send("q", "a", null);
    Middleware middleware =
        (delivery, next) -> {
          Outcome unlessHandled = Outcome.released();
          next.handle(delivery);
          return delivery.id().isEmpty() ? unlessHandled : null;
        };
    worker().middleware(middleware).start(delivery -> {});
    assertEquals(Outcome.Kind.SUCCEEDED, next(settled).outcome());
  }

  @Test
  void aWorkerNeedsAHandler() {
    assertThrows(NullPointerException.class, () -> dlq.worker("q").start(null));
    assertThrows(NullPointerException.class, () -> dlq.worker("q").startWithOutcomes(null));
  }

  @Test
  void workersOfOneBuilderKeepTheirOwnHandlers() throws Exception {
    CountDownLatch handled = new CountDownLatch(1);
    WorkerBuilder builder = dlq.worker("q");
    Worker first = builder.start(delivery -> handled.countDown());
    builder.startWithOutcomes(delivery -> Outcome.discarded("by the second")).close();
    dlq.send("q", "a", null);
    assertTrue(handled.await(20, TimeUnit.SECONDS));
    first.close();
  }

  /** A logger that throws, such as with a full disk. */
  private static final class BrokenLogger implements AutoCloseable {
    private final PrintStream before = System.err;

    BrokenLogger() {
      System.setErr(
          new PrintStream(OutputStream.nullOutputStream()) {
            @Override
            public void println(String line) {
              throw new IllegalStateException("the logger is broken");
            }
          });
    }

    @Override
    public void close() {
      System.setErr(before);
    }
  }

  @Test
  void aLoggerThatThrowsEndsNoTimer() {
    Loop loop = new Loop("test");
    AtomicInteger runs = new AtomicInteger();
    try (BrokenLogger broken = new BrokenLogger()) {
      loop.every(
          1,
          () -> {
            runs.incrementAndGet();
            throw new IllegalStateException("a bug");
          });
      Poll.until(() -> runs.get() > 2);
    } finally {
      loop.close();
    }
  }

  @Test
  void dropsAreLoggedAgainAfterALoggerFailed() {
    try (BrokenLogger broken = new BrokenLogger()) {
      assertEquals(SendStatus.DROPPED, dlq.send("orders", Double.NaN, null).status());
      dlq.flush(); // waits for the line
    }
    try (CapturedLog logged = new CapturedLog()) {
      assertEquals(SendStatus.DROPPED, dlq.send("orders", Double.NaN, null).status());
      Poll.until(() -> !logged.with("dropped a message for queue \"orders\"").isEmpty());
    }
  }

  /** The server refuses larger calls. */
  @Test
  void limitsOfACallAreInTheRangeOfTheServer() {
    CoalesceOptions.Builder options = CoalesceOptions.builder();
    for (int wrong : new int[] {0, 1_001}) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> options.maxMessages(wrong));
      assertEquals("maxMessages is " + wrong + "; give 1 to 1000", refused.getMessage());
    }
    for (int wrong : new int[] {0, 3_670_017}) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> options.maxBytes(wrong));
      assertEquals("maxBytes is " + wrong + "; give 1 to 3670016", refused.getMessage());
    }
    options.maxMessages(1_000).maxBytes(3_670_016).build();
  }

  /** The service remembers a request id for 10 minutes. */
  @Test
  void timeoutsAreFromOneMillisecondToBelowTenMinutes() {
    DlqClientBuilder builder = builder();
    SendOptions.Builder options = SendOptions.builder();
    for (Duration wrong :
        List.of(
            Duration.ZERO,
            Duration.ofSeconds(-1),
            Duration.ofNanos(1),
            Duration.ofMinutes(10),
            Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThrows(IllegalArgumentException.class, () -> builder.timeout(wrong));
      assertThrows(IllegalArgumentException.class, () -> builder.tryTimeout(wrong));
      assertThrows(IllegalArgumentException.class, () -> options.timeout(wrong));
    }
    builder.timeout(Duration.ofMinutes(10).minusMillis(1));
  }
}
