package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Handlers that return a future. */
class AsyncHandlerTest extends WithFakeServer {
  private static final SendOptions NOW =
      SendOptions.builder().delay(Duration.ZERO).maxRetries(0).build();

  private static StatusRuntimeException refusal() {
    return ScriptedServer.refusal(Status.Code.INVALID_ARGUMENT, "INVALID", "no such queue");
  }

  @Test
  void aDeliveryEndsWithItsStage() throws Exception {
    BlockingQueue<CompletableFuture<Outcome>> running = new LinkedBlockingQueue<>();
    worker()
        .concurrency(1)
        .startAsync(
            delivery -> {
              CompletableFuture<Outcome> stage = new CompletableFuture<>();
              running.add(stage);
              return stage;
            });
    for (String text : List.of("a", "b")) dlq.send("q", text, null, NOW);
    next(running).complete(null);
    assertEquals(Outcome.Kind.SUCCEEDED, next(settled).outcome());
    next(running).complete(Outcome.discarded("not needed"));
    assertEquals(Outcome.Kind.DISCARDED, next(settled).outcome());
    assertTrue(running.isEmpty());
  }

  private DlqException failureOf(CompletionStage<?> stage) throws InterruptedException {
    dlq.send("q", "a", null, NOW);
    worker().startAsync(delivery -> stage);
    assertEquals(Outcome.Kind.FAILED, next(settled).outcome());
    DlqException error = next(errors);
    assertEquals(ErrorKind.HANDLER_FAILED, error.kind());
    return error;
  }

  @Test
  void aFailedStageFails() throws Exception {
    IOException noBank = new IOException("no bank");
    CompletableFuture<?> stage =
        CompletableFuture.supplyAsync(
            () -> {
              throw new CompletionException(noBank);
            });
    assertSame(noBank, failureOf(stage).getCause());
  }

  /** Another thread does not know the running delivery, but its object. */
  @Test
  void aSendOfTheDeliveryInAnotherThreadIsItsOutcome() throws Exception {
    dlq.send("q", "a", null, SendOptions.builder().maxRetries(1).build());
    BlockingQueue<Delivery> ended = new LinkedBlockingQueue<>();
    worker()
        .startAsync(
            delivery ->
                CompletableFuture.runAsync(
                    () -> {
                      dlq.send("q", delivery, new IOException("no bank"));
                      dlq.send("q", delivery.payload(), new IOException("no bank"));
                      ended.add(delivery);
                    }));
    assertEquals(Outcome.Kind.FAILED, next(settled).outcome());
    assertEquals(1, fake.messages("q").size());
    dlq.send("q", next(ended), new IOException("once more"));
    assertEquals(2, fake.messages("q").size());
  }

  @Test
  void aDeliveryWhoseForwardingIsDroppedFails() throws Exception {
    IOException noBank = new IOException("no bank");
    Map<String, AsyncHandler> handlers =
        Map.of(
            "with its result",
            delivery -> dlq.sendAsync("no name", delivery, noBank).thenApply(sent -> null),
            "without its result",
            delivery -> {
              dlq.sendAsync("no name", delivery, noBank);
              return CompletableFuture.completedFuture(null);
            },
            "in another thread",
            delivery ->
                CompletableFuture.runAsync(() -> dlq.send("no name", delivery.payload(), noBank)));
    for (Map.Entry<String, AsyncHandler> handler : handlers.entrySet()) {
      dlq.send("q", "a", null, NOW);
      try (Worker worker = worker().startAsync(handler.getValue())) {
        SettledDelivery failed = next(settled);
        assertEquals(Outcome.Kind.FAILED, failed.outcome(), handler.getKey());
        assertSame(noBank, failed.error().orElseThrow());
      }
    }
  }

  /** Such as middleware that counts what the handler reads. */
  private static Delivery around(Delivery delivery) {
    return (Delivery)
        Proxy.newProxyInstance(
            Delivery.class.getClassLoader(),
            new Class<?>[] {Delivery.class},
            (proxy, method, arguments) -> method.invoke(delivery, arguments));
  }

  @Test
  void aSendOfAnObjectAroundTheDeliveryIsItsOutcome() throws Exception {
    for (String queue : List.of("q", "no name")) {
      dlq.send("q", "a", null, NOW);
      AsyncMiddleware wrapping = (delivery, next) -> next.handle(around(delivery));
      AsyncHandler sending =
          delivery ->
              CompletableFuture.runAsync(
                  () -> dlq.send(queue, delivery, new IOException("no bank")));
      try (Worker worker = worker().asyncMiddleware(wrapping).startAsync(sending)) {
        assertEquals(Outcome.Kind.FAILED, next(settled).outcome(), queue);
      }
    }
    assertEquals(2, fake.messages("q").size());
  }

  /** One handler may send what several have collected. */
  @Test
  void aDeliveryThatAnotherHandlerForwardsFailsIfThatIsDropped() throws Exception {
    CompletableFuture<Delivery> collected = new CompletableFuture<>();
    CompletableFuture<Object> sent = new CompletableFuture<>();
    for (String text : List.of("first", "second")) dlq.send("q", text, null, NOW);
    Map<String, Outcome.Kind> outcomes = new ConcurrentHashMap<>();
    worker()
        .onSettled((of, result) -> outcomes.put(of.payload().text(), result.outcome()))
        .startAsync(
            delivery -> {
              if (collected.complete(delivery)) return sent;
              dlq.send("no name", collected.join(), new IOException("no bank"));
              sent.complete(null);
              return CompletableFuture.completedFuture(null);
            });
    Poll.until(() -> outcomes.size() == 2);
    String first = collected.join().payload().text();
    String second = first.equals("first") ? "second" : "first";
    assertEquals(Map.of(first, Outcome.Kind.FAILED, second, Outcome.Kind.SUCCEEDED), outcomes);
  }

  @Test
  void whatTheHandlerThrowsCountsAndNotADroppedForwarding() throws Exception {
    dlq.send("q", "a", null, NOW);
    worker()
        .startAsync(
            delivery -> {
              dlq.send("no name", delivery, new IOException("no bank"));
              throw new IllegalStateException("thrown");
            });
    assertEquals("thrown", ((Exception) next(settled).error().orElseThrow()).getMessage());
  }

  @Test
  void aDeliveryWhoseForwardingIsKeptAtTheSecondTrySucceeds() throws Exception {
    dlq.send("q", "a", null, NOW);
    worker()
        .startAsync(
            delivery -> {
              dlq.send("no name", delivery, new IOException("no bank"));
              dlq.send("other", delivery, new IOException("no bank"));
              return CompletableFuture.completedFuture(null);
            });
    assertEquals(Outcome.Kind.SUCCEEDED, next(settled).outcome());
    assertEquals(1, fake.messages("other").size());
  }

  @Test
  void theOutcomeWaitsForAForwardingThatFollowsAnotherOne() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    BlockingQueue<Delivery> ended = new LinkedBlockingQueue<>();
    BlockingQueue<CompletableFuture<SendResult>> sent = new LinkedBlockingQueue<>();
    try (ScriptedServer server =
            ScriptedServer.start(
                request -> {
                  boolean isFirst = request.getQueue().equals("first");
                  if (isFirst) arrived.countDown();
                  await(isFirst ? first : second);
                  return isFirst ? Optional.empty() : Optional.of(refusal());
                });
        DlqClient others = DlqClient.builder(server.target()).withoutSpool().build()) {
      dlq.send("q", "a", null, NOW);
      worker()
          .startAsync(
              delivery -> {
                sent.add(others.sendAsync("first", delivery, null));
                ended.add(delivery);
                return CompletableFuture.completedFuture(null);
              });
      arrived.await(); // otherwise both could be in one call
      others.sendAsync("second", next(ended), new IOException("no bank"));
      first.countDown();
      assertTrue(next(sent).get(20, TimeUnit.SECONDS).isKept());
      second.countDown();
      assertEquals(Outcome.Kind.FAILED, next(settled).outcome());
    }
  }

  @Test
  void aForwardingThatIsKeptHidesNoDroppedOneThatBeganAfterIt() throws Exception {
    CountDownLatch kept = new CountDownLatch(1);
    try (ScriptedServer server =
            ScriptedServer.start(
                request -> {
                  await(kept);
                  return Optional.empty();
                });
        DlqClient others = DlqClient.builder(server.target()).withoutSpool().build()) {
      dlq.send("q", "a", null, NOW);
      worker()
          .startAsync(
              delivery -> {
                others.sendAsync("other", delivery, null);
                dlq.send("no name", delivery, new IOException("no bank"));
                kept.countDown();
                return CompletableFuture.completedFuture(null);
              });
      assertEquals(Outcome.Kind.FAILED, next(settled).outcome());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** The outcome is decided: nothing else says that the message is lost. */
  @Test
  void aForwardingThatIsDroppedAfterTheHandlerIsLoggedWithItsMessage() throws Exception {
    BlockingQueue<Delivery> ended = new LinkedBlockingQueue<>();
    dlq.send("q", "a", null, NOW);
    worker().start(ended::add);
    assertEquals(Outcome.Kind.SUCCEEDED, next(settled).outcome());
    Delivery delivery = next(ended);
    try (CapturedLog logged = new CapturedLog()) {
      dlq.send("no name", delivery, new IOException("no bank"));
      dlq.flush();
      List<String> lines = logged.with(" the send of message ");
      assertEquals(1, lines.size(), "" + lines);
      String expected =
          "the send of message "
              + delivery.id()
              + " of queue \"q\" to queue \"no name\" was dropped after the end of its handler:"
              + " the message may be lost; wait for the send in the handler";
      assertTrue(lines.get(0).contains("ERROR") && lines.get(0).endsWith(expected), lines.get(0));
    }
  }

  @Test
  void aResultThatIsNoOutcomeFails() throws Exception {
    assertEquals(
        "the handler returned a value of type java.lang.Integer, which is no outcome; complete the"
            + " stage with null or an Outcome",
        failureOf(CompletableFuture.completedFuture(42)).getCause().getMessage());
  }

  @Test
  void aMissingStageFails() throws Exception {
    assertEquals(
        "the handler returned null instead of a CompletionStage",
        failureOf(null).getCause().getMessage());
  }

  @Test
  void aStopCancelsTheStageAfterItsTimeout() throws Exception {
    dlq.send("q", "a", null, NOW);
    BlockingQueue<CompletableFuture<Void>> running = new LinkedBlockingQueue<>();
    Worker worker =
        worker()
            .startAsync(
                delivery -> {
                  CompletableFuture<Void> stage = new CompletableFuture<>();
                  running.add(stage);
                  return stage;
                });
    CompletableFuture<Void> stage = next(running);
    worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
    assertTrue(stage.isCancelled());
    assertEquals(Outcome.Kind.RELEASED, next(settled).outcome());
    assertTrue(errors.isEmpty());
  }
}
