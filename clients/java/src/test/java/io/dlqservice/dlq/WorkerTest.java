package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.testing.LocalServer;
import io.dlqservice.dlq.testing.LocalServerExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LocalServerExtension.class)
class WorkerTest {
  private static final SendOptions NOW = SendOptions.builder().delay(Duration.ZERO).build();

  private final String queue = "q-" + UUID.randomUUID();
  private final BlockingQueue<SettledDelivery> settled = new LinkedBlockingQueue<>();
  private DlqClient dlq;

  @BeforeEach
  void open(LocalServer server) {
    dlq = DlqClient.builder(server.target()).service("tests").withoutSpool().build();
  }

  @AfterEach
  void close() {
    dlq.close();
  }

  private WorkerBuilder worker() {
    return dlq.worker(queue).onSettled((delivery, result) -> settled.add(result));
  }

  private SettledDelivery nextSettled() throws InterruptedException {
    SettledDelivery next = settled.poll(20, TimeUnit.SECONDS);
    assertTrue(next != null, "no outcome counted within 20 s");
    return next;
  }

  @Test
  void aReturningHandlerSucceeds() throws Exception {
    dlq.send(queue, Map.of("id", "order-42"), new Exception("first"), NOW);
    CompletableFuture<Object> id = new CompletableFuture<>();
    worker().start(delivery -> id.complete(delivery.payload().json(Map.class).get("id")));
    assertEquals("order-42", id.get(20, TimeUnit.SECONDS));
    assertEquals(MessageState.SUCCEEDED, nextSettled().state());
  }

  @Test
  void aThrowingHandlerFails() throws Exception {
    dlq.send(queue, "a", null, NOW);
    worker()
        .start(
            delivery -> {
              throw new RetryAfterException("later", Duration.ofHours(1));
            });
    SettledDelivery failed = nextSettled();
    assertEquals(Outcome.Kind.FAILED, failed.outcome());
    assertEquals(MessageState.SCHEDULED, failed.state());
    assertEquals("later", failed.error().orElseThrow().getMessage());
  }

  @Test
  void aNonRetryableMessageIsQuarantined() throws Exception {
    dlq.send(queue, "a", null, NOW);
    worker()
        .start(
            delivery -> {
              throw new NonRetryableException("no such order");
            });
    assertEquals(MessageState.QUARANTINED, nextSettled().state());
  }

  @Test
  void sendingTheSameMessageIsTheOutcome() throws Exception {
    dlq.send(queue, Map.of("id", 1), null, NOW);
    CompletableFuture<SendResult> sent = new CompletableFuture<>();
    worker()
        .start(
            delivery -> {
              Object again = delivery.payload().json(Object.class);
              sent.complete(dlq.send(queue, delivery, new Exception("again")));
              assertInstanceOf(Map.class, again);
            });
    assertInstanceOf(FailedDelivery.class, sent.get(20, TimeUnit.SECONDS));
    assertEquals(Outcome.Kind.FAILED, nextSettled().outcome());
  }

  @Test
  void aMessageThatAnyClientOfTheServiceSentHasFailedWhateverIsReturnedAsSuccess(LocalServer server)
      throws Exception {
    dlq.send(queue, "a", null, NOW);
    try (DlqClient other = DlqClient.builder(server.target()).withoutSpool().build()) {
      worker()
          .startWithOutcomes(
              delivery -> {
                other.send(queue, "a", new Exception("again"));
                return Outcome.succeeded();
              });
      assertEquals(Outcome.Kind.FAILED, nextSettled().outcome());
    }
  }

  @Test
  void aDeliveryWhoseForwardingIsDroppedFails(LocalServer server) throws Exception {
    for (Function<Delivery, Object> given :
        List.<Function<Delivery, Object>>of(delivery -> delivery, Delivery::payload)) {
      dlq.send(queue, "a", null, NOW);
      DlqClient closed = DlqClient.builder(server.target()).withoutSpool().build();
      closed.close();
      Worker worker =
          worker()
              .start(
                  delivery ->
                      closed.send(
                          "other",
                          given.apply(delivery),
                          new RetryAfterException("not for us", Duration.ofHours(1))));
      SettledDelivery failed = nextSettled();
      assertEquals(Outcome.Kind.FAILED, failed.outcome());
      assertEquals("not for us", failed.error().orElseThrow().getMessage());
      worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void aStopInterruptsHandlersAfterItsTimeout() throws Exception {
    dlq.send(queue, "a", null, NOW);
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Worker worker =
        worker()
            .start(
                delivery -> {
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException stopped) {
                    interrupted.complete(true);
                    throw stopped;
                  }
                });
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
    assertTrue(interrupted.get(20, TimeUnit.SECONDS));
    assertEquals(Outcome.Kind.RELEASED, nextSettled().outcome());
  }

  @Test
  void aWorkerThatTheServerRefusesFails() {
    Worker worker = dlq.worker("no such name!").onError((error, delivery) -> {}).start(d -> {});
    CompletionException thrown =
        assertThrows(CompletionException.class, () -> worker.done().join());
    assertEquals(ErrorKind.REFUSED, ((DlqException) thrown.getCause()).kind());
  }
}
