package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.FailedDelivery;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Handlers that still run when a stopping worker no longer waits. */
class StopTest extends WithFakeServer {
  private static void stop(Worker worker) throws Exception {
    worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
  }

  @Test
  void areLoggedOnce() throws Exception {
    BlockingQueue<Delivery> begun = new LinkedBlockingQueue<>();
    dlq.send("q", "a", null);
    Worker worker =
        worker()
            .start(
                delivery -> {
                  begun.add(delivery);
                  new CountDownLatch(1).await();
                });
    String id = next(begun).id();
    try (CapturedLog logged = new CapturedLog()) {
      stop(worker);
      dlq.close(); // logs what is left
      List<String> lines = logged.with("the worker stops and cancels handlers that still run: ");
      assertEquals(1, lines.size(), "" + lines);
      String line = lines.get(0);
      assertTrue(line.contains("WARN"), line);
      String expected =
          "run: message "
              + id
              + " of queue \"q\", attempt 1, for N s; their messages are released; raise"
              + " drainTimeout if handlers need longer";
      assertTrue(line.replaceFirst("\\d+\\.\\d s", "N s").endsWith(expected), line);
    }
  }

  @Test
  void makeNoSecondMessageIfTheySendTheirOwn() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    CompletableFuture<SendResult> sent = new CompletableFuture<>();
    dlq.send("q", "a", null);
    Worker worker =
        worker()
            .start(
                delivery -> {
                  begun.countDown();
                  awaitDespiteInterrupts(stopped);
                  sent.complete(dlq.send("q", "a", new IOException("no bank")));
                });
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    stop(worker);
    assertEquals(Outcome.Kind.RELEASED, next(settled).outcome());
    stopped.countDown();
    assertInstanceOf(FailedDelivery.class, sent.get(20, TimeUnit.SECONDS));
    assertEquals(1, fake.messages("q").size());
  }

  private static void awaitDespiteInterrupts(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException stopping) {
        // a handler that ignores it
      }
    }
  }
}
