package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
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
      List<String> lines = logged.with("the stopping worker cancels handlers that still run");
      assertEquals(1, lines.size(), "" + lines);
      String line = lines.get(0);
      assertTrue(line.contains("WARN"), line);
      String expected = ".*: message " + id + " of queue \"q\", attempt 1, for \\d+\\.\\d s";
      assertTrue(line.matches(expected), line);
    }
  }
}
