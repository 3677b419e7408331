package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Wrapped functions and handlers. */
class DeadLettersTest extends WithFakeServer {
  private final IOException noBank = new IOException("no bank");

  @Test
  void aStageThatFailsSendsTheArgument() throws Exception {
    CompletableFuture<String> charging = new CompletableFuture<>();
    ThrowingFunction<String, CompletableFuture<String>> charge =
        dlq.deadLetter("orders", order -> charging);
    CompletableFuture<String> charged = charge.apply("order-42");
    assertEquals(0, fake.messages("orders").size());
    charging.completeExceptionally(noBank);
    assertNull(charged.get(20, TimeUnit.SECONDS));
    assertEquals("order-42", fake.messages("orders").get(0).text());
    assertEquals("java.io.IOException", fake.messages("orders").get(0).failures().get(0).type());
  }

  @Test
  void aStageWhoseMessageIsDroppedFails() throws Exception {
    ThrowingFunction<String, CompletableFuture<String>> charge =
        dlq.deadLetter("no name", order -> CompletableFuture.failedFuture(noBank));
    CompletableFuture<String> charged = charge.apply("order-42");
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> charged.get(20, TimeUnit.SECONDS));
    assertSame(noBank, failed.getCause());
  }

  @Test
  void aFutureThatCannotBeWatchedIsRefused() {
    ThrowingFunction<String, Future<String>> charge =
        dlq.deadLetter("orders", order -> new FutureTask<>(() -> order));
    String text =
        assertThrows(IllegalStateException.class, () -> charge.apply("order-42")).getMessage();
    assertTrue(text.contains("FutureTask, whose failure would be ignored"), text);
  }

  @Test
  void aMissingQueueIsRefusedAtOnce() {
    for (String queue : new String[] {null, "", " "}) {
      assertThrows(
          IllegalArgumentException.class, () -> dlq.deadLetter(queue, order -> order), queue);
      assertThrows(IllegalArgumentException.class, () -> dlq.worker("orders", queue), queue);
      SendResult.Dropped dropped = (SendResult.Dropped) dlq.send(queue, "order-42", noBank);
      assertEquals(ErrorKind.INVALID, dropped.error().kind());
      assertTrue(dropped.error().getMessage().contains("give its name"));
    }
  }

  @Test
  void aWrappedHandlerFailsItsDelivery() throws Exception {
    dlq.send("orders", "order-42", null, SendOptions.builder().maxRetries(1).build());
    ThrowingFunction<Delivery, Void> handler =
        dlq.deadLetter(
            "orders",
            delivery -> {
              throw noBank;
            });
    dlq.worker("orders").start(handler::apply);
    fake.await("orders", MessageState.QUARANTINED, 1);
    assertEquals(1, fake.messages("orders").size());
  }

  @Test
  void aWrappedAsynchronousHandlerFailsItsDelivery() throws Exception {
    dlq.send("orders", "order-42", null, SendOptions.builder().maxRetries(1).build());
    ThrowingFunction<Delivery, CompletableFuture<Void>> handler =
        dlq.deadLetter(
            "orders",
            delivery ->
                CompletableFuture.runAsync(
                    () -> {
                      throw new IllegalStateException(noBank);
                    }));
    dlq.worker("orders").startAsync(handler::apply);
    fake.await("orders", MessageState.QUARANTINED, 1);
    assertEquals(1, fake.messages("orders").size());
  }

  @Test
  void aWrappedBatchHandlerFailsItsDeliveries() throws Exception {
    dlq.send("orders", "order-42", null, SendOptions.builder().maxRetries(1).build());
    ThrowingFunction<List<Delivery>, Void> handler =
        dlq.deadLetter(
            "orders",
            deliveries -> {
              throw noBank;
            });
    dlq.worker("orders").startBatches(handler::apply);
    fake.await("orders", MessageState.QUARANTINED, 1);
    assertEquals(1, fake.messages("orders").size());
  }
}
