package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DropReportTest {
  /** Otherwise it would be sent and dropped again and again. */
  @Test
  void dropsOfWhatTheListenerSendsAreOnlyLogged() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<SendResult> second = new CompletableFuture<>();
    DlqClient[] own = new DlqClient[1];
    try (CapturedLog logged = new CapturedLog();
        DlqClient dlq =
            DlqClient.builder("127.0.0.1:1")
                .withoutSpool()
                .timeout(Duration.ofMillis(50))
                .onDropped(
                    (error, queue) -> {
                      calls.incrementAndGet();
                      second.complete(own[0].send("again", "b", null));
                    })
                .build()) {
      own[0] = dlq;
      dlq.send("first", "a", null);
      assertEquals(SendStatus.DROPPED, second.get(20, TimeUnit.SECONDS).status());
      dlq.flush();
      assertEquals(1, calls.get());
      assertEquals(1, logged.with("dropped a message for queue \"again\"").size());
      assertEquals(0, logged.with("\"first\"").size());
    }
  }
}
